import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogLine } from '../targets.ts';
import type { LogFormat } from '../slots/read-logs.ts';
import { hasCode } from '../slots/state-files.ts';

/**
 * Output of a container as it is kept: one file, a line for each line, `<time> <o|e> <text>`. The time is the engine's,
 * RFC 3339 with nine digits, so that it can be compared as text.
 */
export const linesFile = 'lines.log';

type Stream = LogLine['stream'];

export interface KeptLine {
  readonly time: string;
  readonly stream: Stream;
  readonly text: string;
}

const shape = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z) ([oe]) (.*)$/s;

/** Zeros would read as a part that was given back to the disk. */
export function formatLine({ time, stream, text }: KeptLine): string {
  return `${time} ${stream === 'out' ? 'o' : 'e'} ${text.replaceAll('\0', '\u2400')}\n`;
}

export function parseLine(line: string): KeptLine | null {
  const [, time, letter, text] = shape.exec(line) ?? [];
  if (time === undefined || text === undefined) return null;
  return { time, stream: letter === 'o' ? 'out' : 'err', text };
}

export const containerLogs: LogFormat = {
  files: [linesFile],
  openReader: async () => (_file, _offset, line) => {
    const found = parseLine(line);
    return found === null ? null : { at: Date.parse(found.time), stream: found.stream, text: found.text };
  },
};

/** The time of the last line of each stream; null: none is kept. */
export type LastTimes = Readonly<Record<Stream, string | null>>;

/** The engine copies both streams side by side: times of one may come a little after later ones of the other. */
export const streamSkewMs = 1000;

export function latestOf({ out, err }: LastTimes): string | null {
  return out === null || (err !== null && err > out) ? err : out;
}

function isLongBefore(time: string, last: LastTimes): boolean {
  return Date.parse(time) < Date.parse(latestOf(last) ?? time) - 2 * streamSkewMs;
}

/** Where to go on; a line that a crash cut off is cut away, it will come again. */
export async function readLastTimes(folder: string): Promise<LastTimes> {
  const file = await openToRepair(join(folder, linesFile));
  if (file === null) return { out: null, err: null };
  await using kept = file;
  const last: Record<Stream, string | null> = { out: null, err: null };
  for await (const line of linesBackwards(kept)) {
    const found = parseLine(line);
    if (found !== null) last[found.stream] ??= found.time;
    if (found !== null && isLongBefore(found.time, last)) break;
  }
  return last;
}

async function openToRepair(path: string): Promise<FileHandle | null> {
  try {
    const file = await open(path, 'r+');
    const { size } = await file.stat();
    const tail = await readRange(file, Math.max(0, size - 65_536), size);
    if (size > 0 && tail.at(-1) !== 0x0a) await file.truncate(size - (tail.length - tail.lastIndexOf(0x0a) - 1));
    return file;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

async function* linesBackwards(file: FileHandle): AsyncGenerator<string> {
  let { size: end } = await file.stat();
  let rest = Buffer.alloc(0);
  while (end > 0 && !rest.includes(0)) {
    const start = Math.max(0, end - 65_536);
    const bytes = Buffer.concat([await readRange(file, start, end), rest]);
    const first = start === 0 ? 0 : bytes.indexOf(0x0a) + 1;
    yield* bytes.toString('utf8', first).split('\n').filter(Boolean).toReversed();
    rest = bytes.subarray(0, first);
    end = start;
  }
}

async function readRange(file: FileHandle, from: number, to: number): Promise<Buffer<ArrayBuffer>> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(to - from), 0, to - from, from);
  return buffer.subarray(0, bytesRead);
}
