import { appendFileSync, writeSync } from 'node:fs';

/** What a process of Lotse hears from and says to the one that started it. */

/** Resolves when the process is told to end: true for an interrupt (Ctrl-C), false for a termination. */
export async function untilTold(): Promise<boolean> {
  const { promise, resolve: told } = Promise.withResolvers<boolean>();
  process.on('SIGINT', () => told(true));
  process.on('SIGTERM', () => told(false));
  process.on('SIGHUP', () => told(false));
  return await promise;
}

/** File descriptor 3 is the parent's, when there is one; otherwise people read standard output. */
export function tell(message: object): void {
  const line = `${JSON.stringify(message)}\n`;
  try {
    writeSync(3, line);
  } catch {
    process.stdout.write(line);
  }
}

/** Appends a line for each problem. It never throws: what finds no place on the disk goes to standard error. */
export function problemLog(file: string): (about: object) => void {
  return (about) => {
    const line = `${JSON.stringify({ at: new Date(), ...about })}\n`;
    try {
      appendFileSync(file, line);
    } catch {
      process.stderr.write(line);
    }
  };
}

/**
 * Names each point that it passes and ends the process at one of them, for tests that prove what a crash leaves behind.
 * `12`: at the twelfth; `3 before route`: when it passes that point for the third time; `2 before claim > ensured web`:
 * when it passes the one right after the other for the second time. What capabilities commit comes at its own time, and
 * is not counted as being between.
 */
export function crashPoint(text: string | undefined): (point: string) => void {
  const [, count, wanted] = /^(\d+)(?: (.+))?$/.exec(text ?? '') ?? [];
  if (count === undefined) return () => undefined;
  let left = Number(count);
  let before = '';
  return (point) => {
    writeSync(2, `point: ${point}\n`);
    if (wanted === undefined || wanted === point || wanted === `${before} > ${point}`) left -= 1;
    if (!point.startsWith('committed ')) before = point;
    if (left <= 0) process.kill(process.pid, 'SIGKILL');
  };
}
