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

/** Appends a line for each problem, as `hide` leaves it. It never throws: what finds no place on the disk goes to standard error. */
export function problemLog(file: string, hide: (line: string) => string): (about: object) => void {
  return (about) => {
    const line = `${hide(JSON.stringify({ at: new Date(), ...about }))}\n`;
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
 * when it passes the one right after the other for the second time. `*` stands for anything, and of several places
 * (`1 before route | 4 before *`) the first that it comes to counts. What capabilities commit and what the judge does
 * come at their own time: they are not counted as being between, and `*` does not stand for them.
 */
export function crashPoint(text: string | undefined): (point: string) => void {
  const places = (text ?? '').split(' | ').flatMap(readPlace);
  if (places.length === 0) return () => undefined;
  let before = '';
  return (point) => {
    writeSync(2, `point: ${point}\n`);
    for (const place of places) if (place.isAt(point, before)) place.left -= 1;
    if (!comesAtItsOwnTime(point)) before = point;
    if (places.some(({ left }) => left <= 0)) process.kill(process.pid, 'SIGKILL');
  };
}

interface CrashPlace {
  left: number;
  readonly isAt: (point: string, before: string) => boolean;
}

const comesAtItsOwnTime = (point: string): boolean => /^(?:committed |judge: )/.test(point);

function readPlace(text: string): readonly CrashPlace[] {
  const [, count, wanted] = /^(\d+)(?: (.+))?$/.exec(text) ?? [];
  if (count === undefined) return [];
  if (wanted === undefined) return [{ left: Number(count), isAt: () => true }];
  const pattern = new RegExp(`^${wanted.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`);
  const isPair = wanted.includes(' > ');
  const isAt = (point: string, before: string): boolean => {
    if (comesAtItsOwnTime(point)) return point === wanted;
    return pattern.test(isPair ? `${before} > ${point}` : point);
  };
  return [{ left: Number(count), isAt }];
}
