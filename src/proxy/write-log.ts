import { writeSync } from 'node:fs';

/**
 * Writes a line into the proxy's log, which is its standard error. Never fails: with a full disk behind it, an ordinary
 * write to `process.stderr` would end the process.
 */
export function writeLog(text: string): void {
  try {
    writeSync(2, `${new Date().toISOString()} proxy ${process.pid}: ${text}\n`);
  } catch {
    // There is nowhere else to say it.
  }
}
