import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogLine } from '../targets.ts';
import { hasCode, namesIn } from './state-files.ts';

/** Where the output of one attempt lies, and how its lines are labelled. */
export interface LogSource {
  readonly folder: string;
  readonly label: Pick<LogLine, 'service' | 'revision' | 'slot' | 'attempt'>;
}

/** How a target keeps the output of an attempt. */
export interface LogFormat {
  /** Names of the files in an attempt's folder, each append-only. */
  readonly files: readonly string[];
  /** Reads lines that were there for a while, or such as were written just now. */
  openReader(folder: string, age: 'kept' | 'new'): Promise<ReadLine>;
}

/** The line that begins at that offset of the file; null when it is none. */
export type ReadLine = (file: string, offset: number, text: string) => Pick<LogLine, 'at' | 'stream' | 'text'> | null;

const chunkBytes = 65_536;

/** Text of the last lines of an attempt, all streams in the order of time. */
export async function lastTexts(format: LogFormat, folder: string, count: number): Promise<readonly string[]> {
  const label = { service: '', revision: '', slot: 0, attempt: 0 };
  const { lines } = await readLast(format, { folder, label }, count);
  return lines.map((line) => line.text);
}

/** How far each file was read, in bytes. */
export type LogPosition = Readonly<Record<string, number>>;

interface Read {
  readonly lines: readonly LogLine[];
  readonly position: LogPosition;
}

export async function readLast(format: LogFormat, source: LogSource, count: number): Promise<Read> {
  const readLine = await format.openReader(source.folder, 'kept');
  const found = await Promise.all(format.files.map((file) => readTail({ source, file, readLine }, count)));
  const lines = inOrder(found.flatMap((part) => part.lines));
  return { lines: count === 0 ? [] : lines.slice(-count), position: positionsOf(format, found) };
}

/** Lines that were completed after the position. */
export async function readNewer(format: LogFormat, source: LogSource, position: LogPosition): Promise<Read> {
  const readLine = await format.openReader(source.folder, 'new');
  const found = await Promise.all(
    format.files.map((file) => readForward({ source, file, readLine }, position[file] ?? 0)),
  );
  return { lines: inOrder(found.flatMap((part) => part.lines)), position: positionsOf(format, found) };
}

function positionsOf(format: LogFormat, parts: readonly Part[]): LogPosition {
  return Object.fromEntries(format.files.map((file, index) => [file, parts[index]?.end ?? 0]));
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

interface LogFile {
  readonly source: LogSource;
  readonly file: string;
  readonly readLine: ReadLine;
}

interface Part {
  readonly lines: readonly LogLine[];
  readonly end: number;
}

/** Reads backwards until there are lines enough, the file begins, or the part begins that was given back to the disk. */
async function readTail(log: LogFile, count: number): Promise<Part> {
  const file = await openOrNull(join(log.source.folder, log.file));
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
  return { lines: toLines(log, kept, offset).slice(-count), end: size };
}

async function readForward(log: LogFile, from: number): Promise<Part> {
  const file = await openOrNull(join(log.source.folder, log.file));
  if (file === null) return { lines: [], end: from };
  await using reading = file;
  const { size } = await reading.stat();
  if (size <= from) return { lines: [], end: from };
  const bytes = await readAt(reading, from, Math.min(size, from + 16 * chunkBytes));
  const complete = bytes.lastIndexOf(0x0a) + 1;
  if (complete === 0 && bytes.length < 16 * chunkBytes) return { lines: [], end: from };
  const taken = bytes.subarray(0, complete === 0 ? bytes.length : complete);
  return { lines: toLines(log, withoutHole(taken), from), end: from + taken.length };
}

function toLines(log: LogFile, bytes: Buffer, offset: number): readonly LogLine[] {
  const lines: LogLine[] = [];
  for (let start = 0; start < bytes.length;) {
    const found = bytes.indexOf(0x0a, start);
    const end = found === -1 ? bytes.length : found;
    const text = bytes.toString('utf8', start, end).replace(/\r$/, '');
    const line = log.readLine(log.file, offset + start, text);
    if (line !== null) lines.push({ ...log.source.label, ...line });
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
