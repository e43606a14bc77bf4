import { writeSync } from 'node:fs';

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

/** Ends the process at the n-th point that it passes, for tests that prove what a crash leaves behind. */
export function crashPoint(text: string | undefined): (point: string) => void {
  let left = Number(text ?? Number.NaN);
  if (Number.isNaN(left)) return () => undefined;
  return (point) => {
    left -= 1;
    if (left > 0) return;
    writeSync(2, `crashing at: ${point}\n`);
    process.kill(process.pid, 'SIGKILL');
  };
}
