import { checkParser } from './check-parser.ts';
import { WholePath } from './check-whole-path.ts';
import { generateStream } from './generate-stream.ts';
import type { Stream } from './generate-stream.ts';
import { shrink } from './shrink.ts';
import { Watchdog } from './watchdog.ts';

export interface Wanted {
  readonly seed: number;
  /** Goes on until so many requests were generated. */
  readonly requests: number;
}

export interface Failure {
  readonly level: 'parser' | 'whole path';
  readonly seed: number;
  readonly problem: string;
  /** The smallest stream that was found to fail, as a JSON string in latin1. */
  readonly smallest: string;
}

export interface FuzzReport {
  readonly streams: number;
  readonly requests: number;
  /** How streams ended, by name. */
  readonly ends: Readonly<Record<string, number>>;
  readonly failure: Failure | null;
  /** Bytes that were held after the first tenth and at the end, when garbage could be collected. */
  readonly heldBytes: readonly [early: number, late: number] | null;
}

const lanes = 4;

/** Seed of the stream with this number in a run. */
function streamSeed(seed: number, number: number): number {
  return (Math.imul(seed, 0x9e37_79b1) + number) >>> 0;
}

/** Streams into the parser alone. `gc` collects garbage at once; without it memory is not looked at. */
export async function fuzzParser({ seed, requests }: Wanted, gc: (() => void) | null = null): Promise<FuzzReport> {
  const watchdog = new Watchdog();
  const ends: Record<string, number> = {};
  let made = 0;
  let streams = 0;
  let early: number | null = null;
  try {
    for (; made < requests; streams++) {
      const own = streamSeed(seed, streams);
      if (streams % 256 === 0) watchdog.note(own);
      if (early === null && made > requests / 10) early = held(gc);
      const stream = generateStream(own);
      made += stream.meant.length;
      const { problem, reading } = checkParser(stream);
      if (problem !== null)
        return { streams, requests: made, ends, failure: await parserFailure(own, stream, problem), heldBytes: null };
      const end = `${reading?.end}${stream.isSound ? ', as meant' : ''}`;
      ends[end] = (ends[end] ?? 0) + 1;
    }
  } finally {
    watchdog.stop();
  }
  return { streams, requests: made, ends, failure: null, heldBytes: gc === null ? null : [early ?? 0, held(gc)] };
}

function held(gc: (() => void) | null): number {
  gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

async function parserFailure(seed: number, stream: Stream, problem: string): Promise<Failure> {
  const fails = (text: string) =>
    checkParser({ text, meant: [], isSound: false, pieces: inOctets(text) }).problem !== null;
  const smallest = stream.isSound || !fails(stream.text) ? stream.text : await shrink(stream.text, fails);
  return { level: 'parser', seed, problem, smallest: JSON.stringify(smallest) };
}

function inOctets(text: string): readonly Buffer[] {
  const bytes = Buffer.from(text, 'latin1');
  return Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
}

/** Streams through a whole proxy worker on sockets. */
export async function fuzzWholePath({ seed, requests }: Wanted): Promise<FuzzReport> {
  let made = 0;
  let streams = 0;
  let failure: Failure | null = null;
  const run = async () => {
    const path = await WholePath.open();
    try {
      while (made < requests && failure === null) {
        const own = streamSeed(seed, streams++);
        const stream = generateStream(own);
        made += stream.meant.length;
        const problem = await path.check(stream);
        if (problem !== null) failure ??= await wholePathFailure(own, stream, problem);
      }
    } finally {
      path.close();
    }
  };
  await Promise.all(Array.from({ length: lanes }, run));
  return { streams, requests: made, ends: {}, failure, heldBytes: null };
}

async function wholePathFailure(seed: number, stream: Stream, problem: string): Promise<Failure> {
  const path = await WholePath.open();
  const fails = async (text: string) => (await path.check({ text, pieces: [Buffer.from(text, 'latin1')] })) !== null;
  const smallest = (await fails(stream.text)) ? await shrink(stream.text, fails, 300) : stream.text;
  path.close();
  return { level: 'whole path', seed, problem, smallest: JSON.stringify(smallest) };
}

/** One stream again, at both levels. */
export async function replay(seed: number): Promise<{ readonly stream: Stream; readonly problems: readonly string[] }> {
  const stream = generateStream(seed);
  const path = await WholePath.open();
  const problems = [checkParser(stream).problem, await path.check(stream)];
  path.close();
  return { stream, problems: problems.filter((problem) => problem !== null) };
}
