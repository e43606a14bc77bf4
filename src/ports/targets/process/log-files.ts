import { appendFile, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { UnixMs } from '../../../core/ids.ts';
import { pause } from '../slots/pause.ts';
import type { LogFormat } from '../slots/read-logs.ts';
import { readText } from '../slots/state-files.ts';
import type { TrimLimits } from '../slots/trim-file.ts';
import { trimFile } from '../slots/trim-file.ts';
import { outputFiles } from './attempt.ts';

/**
 * Output goes straight into one append-only file per stream and attempt: no process of ours stands between, so nothing
 * is lost or late when the control plane dies. A file that somebody holds open cannot be renamed or cut without losing
 * lines. So the oldest part is given back to the disk in place (a hole, fallocate(2)): offsets stay, and every line of
 * the last `keepBytes` stays. While the control plane is down nobody trims.
 */
export interface LogLimits extends TrimLimits {
  /** So many attempts of a slot keep their output. */
  readonly attempts: number;
}

export const defaultLogLimits: LogLimits = { trimAboveBytes: 32 * 2 ** 20, keepBytes: 16 * 2 ** 20, attempts: 10 };

export const timesFile = 'times';

/**
 * Until the signal comes: notes how far each stream had got at which time (the source of a line's time, exact to two
 * seconds) and trims. `onNew` gets what was written to either stream since the last look, at most 64 kB of it.
 */
export async function tendLogs(
  folder: string,
  limits: LogLimits,
  fallocate: string | null,
  onNew: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let before = { out: 0, err: 0 };
  let delayMs = 50;
  do {
    const sizes = {
      out: await sizeOf(join(folder, outputFiles.out)),
      err: await sizeOf(join(folder, outputFiles.err)),
    };
    if (sizes.out !== before.out || sizes.err !== before.err) {
      // Times are a convenience: a full disk must not end the supervision.
      await appendFile(join(folder, timesFile), `${Date.now()} ${sizes.out} ${sizes.err}\n`).catch(() => undefined);
      for (const stream of ['out', 'err'] as const) {
        const path = join(folder, outputFiles[stream]);
        if (sizes[stream] > before[stream]) onNew(await readRange(path, before[stream], sizes[stream]));
        await trimFile(path, limits, fallocate);
      }
      before = sizes;
    }
    delayMs = Math.min(2000, delayMs * 1.5);
  } while (await pause(delayMs, signal));
}

async function readRange(path: string, from: number, to: number): Promise<string> {
  const start = Math.max(from, to - 65_536);
  await using file = await open(path, 'r');
  const { buffer, bytesRead } = await file.read(Buffer.alloc(to - start), 0, to - start, start);
  return buffer.toString('utf8', 0, bytesRead);
}

async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    (found) => found.size,
    () => 0,
  );
}

/** When a byte of a stream was written, as far as the notes tell. */
interface LogTimes {
  of(stream: 'out' | 'err', offset: number): UnixMs;
}

async function readTimes(folder: string): Promise<LogTimes> {
  const notes = ((await readText(join(folder, timesFile))) ?? '')
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(' ').map(Number));
  const written = await stat(join(folder, outputFiles.out)).then(
    (found) => Math.round(found.mtimeMs),
    () => Date.now(),
  );
  // What was written while a note was made is older than the note, and must not seem older than what stands before it.
  const latest = Math.max(written, notes.at(-1)?.[0] ?? 0);
  return {
    of: (stream, offset) => {
      const column = stream === 'out' ? 1 : 2;
      let low = 0;
      let high = notes.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((notes[middle]?.[column] ?? 0) > offset) high = middle;
        else low = middle + 1;
      }
      return notes[low]?.[0] ?? latest;
    },
  };
}

/** One file for each stream; the times lie beside them. */
export const processLogs: LogFormat = {
  files: [outputFiles.out, outputFiles.err],
  openReader: async (folder, age) => {
    const times = age === 'kept' ? await readTimes(folder) : { of: () => Date.now() };
    return (file, offset, text) => {
      const stream = file === outputFiles.out ? 'out' : 'err';
      return { at: times.of(stream, offset), stream, text };
    };
  },
};
