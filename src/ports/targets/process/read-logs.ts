import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogLine } from '../targets.ts';
import { outputFiles } from './attempt.ts';
import type { LogTimes } from './log-files.ts';
import { readTimes } from './log-files.ts';
import { hasCode, namesIn } from './state-files.ts';

/** Where the output of one attempt lies, and how its lines are labelled. */
export interface LogSource {
  readonly folder: string;
  readonly label: Pick<LogLine, 'service' | 'revision' | 'slot' | 'attempt'>;
}

const streams = ['out', 'err'] as const;
const chunkBytes = 65_536;

/** Text of the last lines of an attempt, both streams in the order of time. */
export async function lastTexts(folder: string, count: number): Promise<readonly string[]> {
  const label = { service: '', revision: '', slot: 0, attempt: 0 };
  const { lines } = await readLast({ folder, label }, count);
  return lines.map((line) => line.text);
}

/** How far each stream was read, in bytes. */
export type LogPosition = Readonly<Record<'out' | 'err', number>>;

export async function readLast(
  source: LogSource,
  count: number,
): Promise<{ readonly lines: readonly LogLine[]; readonly position: LogPosition }> {
  const times = await readTimes(source.folder);
  const [out, err] = await Promise.all(streams.map((stream) => readTail(source, stream, count, times)));
  const lines = inOrder([...(out?.lines ?? []), ...(err?.lines ?? [])]);
  return {
    lines: count === 0 ? [] : lines.slice(-count),
    position: { out: out?.end ?? 0, err: err?.end ?? 0 },
  };
}

/** Lines that were completed after the position. */
export async function readNewer(
  source: LogSource,
  position: LogPosition,
): Promise<{ readonly lines: readonly LogLine[]; readonly position: LogPosition }> {
  const found = await Promise.all(streams.map((stream) => readForward(source, stream, position[stream])));
  const [out, err] = found;
  return {
    lines: inOrder(found.flatMap((part) => part.lines)),
    position: { out: out?.end ?? position.out, err: err?.end ?? position.err },
  };
}

/** All attempts below a slot's or job's folder, oldest first. */
export async function attemptsIn(folder: string): Promise<readonly number[]> {
  return (await namesIn(join(folder, 'attempts')))
    .map(Number)
    .filter(Number.isInteger)
    .sort((a, b) => a - b);
}

/** Stable: lines of one time keep their order within their stream. */
export function inOrder(lines: readonly LogLine[]): readonly LogLine[] {
  return lines.toSorted((a, b) => a.at - b.at);
}

interface Part {
  readonly lines: readonly LogLine[];
  readonly end: number;
}

/** Reads backwards until there are lines enough, the file begins, or the part begins that was given back to the disk. */
async function readTail(source: LogSource, stream: 'out' | 'err', count: number, times: LogTimes): Promise<Part> {
  const file = await openOrNull(join(source.folder, outputFiles[stream]));
  if (file === null) return { lines: [], end: 0 };
  await using reading = file;
  const { size } = await reading.stat();
  if (count === 0) return { lines: [], end: size };
  let start = size;
  let bytes = Buffer.alloc(0);
  while (start > 0 && countBreaks(bytes) <= count && !bytes.includes(0)) {
    const from = Math.max(0, start - chunkBytes);
    bytes = Buffer.concat([await readAt(reading, from, start), bytes]);
    start = from;
  }
  const kept = withoutHole(bytes);
  const offset = size - kept.length;
  return { lines: toLines(source, stream, kept, offset, times).slice(-count), end: size };
}

async function readForward(source: LogSource, stream: 'out' | 'err', from: number): Promise<Part> {
  const file = await openOrNull(join(source.folder, outputFiles[stream]));
  if (file === null) return { lines: [], end: from };
  await using reading = file;
  const { size } = await reading.stat();
  if (size <= from) return { lines: [], end: from };
  const bytes = await readAt(reading, from, Math.min(size, from + 16 * chunkBytes));
  const complete = bytes.lastIndexOf(0x0a) + 1;
  if (complete === 0 && bytes.length < 16 * chunkBytes) return { lines: [], end: from };
  const taken = bytes.subarray(0, complete === 0 ? bytes.length : complete);
  const lines = toLines(source, stream, withoutHole(taken), from, { of: () => Date.now() });
  return { lines, end: from + taken.length };
}

function toLines(
  source: LogSource,
  stream: 'out' | 'err',
  bytes: Buffer,
  offset: number,
  times: LogTimes,
): readonly LogLine[] {
  const lines: LogLine[] = [];
  for (let start = 0; start < bytes.length;) {
    const found = bytes.indexOf(0x0a, start);
    const end = found === -1 ? bytes.length : found;
    const text = bytes.toString('utf8', start, end).replace(/\r$/, '');
    lines.push({ ...source.label, at: times.of(stream, offset + start), stream, text });
    start = end + 1;
  }
  return lines;
}

/** A hole reads as zeros; the line that it cuts is dropped with it. */
function withoutHole(bytes: Buffer): Buffer {
  const lastZero = bytes.lastIndexOf(0);
  if (lastZero === -1) return bytes;
  const next = bytes.indexOf(0x0a, lastZero);
  return next === -1 ? Buffer.alloc(0) : bytes.subarray(next + 1);
}

function countBreaks(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, at + 1)) count++;
  return count;
}

async function readAt(file: FileHandle, from: number, to: number): Promise<Buffer<ArrayBuffer>> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(to - from), 0, to - from, from);
  return buffer.subarray(0, bytesRead);
}

async function openOrNull(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}
