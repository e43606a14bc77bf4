import { readFile, writeFile } from 'node:fs/promises';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';

/** How a request ended, as its visitor saw it. */
export const outcomes = ['ok', 'server error', 'no instance', 'no answer'] as const;
export type Outcome = (typeof outcomes)[number];

/** One request of the reference app under load, as its visitor saw it. */
export interface RecordedRequest {
  /** Since the beginning of its stretch, in milliseconds. */
  readonly atMs: number;
  /** A number and nothing more: nobody real was there. */
  readonly person: number;
  readonly path: string;
  readonly tookMs: number;
  readonly outcome: Outcome;
}

/** What was recorded while everybody was with one release. */
export interface Stretch {
  readonly kind: string;
  readonly lengthMs: number;
  /** In the order of their time. */
  readonly requests: readonly RecordedRequest[];
}

/** Times in steps of so many milliseconds, and so many steps of durations to each doubling: what is kept of each request. */
const timeStepMs = 10;
const stepsPerDoubling = 16;
/** Gap to the request before, person (two bytes), path, duration, outcome. */
const columns = 6;

interface Head {
  readonly paths: readonly string[];
  readonly stretches: readonly { readonly kind: string; readonly lengthMs: number; readonly requests: number }[];
}

/** Columns, a byte or two for each request, after one line of JSON; all of it compressed. */
export async function saveRecording(file: string, stretches: readonly Stretch[]): Promise<void> {
  const paths = [...new Set(stretches.flatMap(({ requests }) => requests.map(({ path }) => path)))].sort();
  const about = stretches.map(({ kind, lengthMs, requests }) => ({ kind, lengthMs, requests: requests.length }));
  const head: Head = { paths, stretches: about };
  const bytes = stretches.map(({ requests }) => columnsOf(requests, paths));
  const whole = Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), ...bytes]);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 };
  await writeFile(file, brotliCompressSync(whole, { params }));
}

export async function loadRecording(file: string | URL): Promise<readonly Stretch[]> {
  const whole = brotliDecompressSync(await readFile(file));
  const end = whole.indexOf('\n');
  // parsed: `saveRecording` wrote it
  const { paths, stretches } = JSON.parse(whole.toString('utf8', 0, end)) as Head;
  let from = end + 1;
  return stretches.map(({ kind, lengthMs, requests }) => {
    const bytes = whole.subarray(from, (from += requests * columns));
    return { kind, lengthMs, requests: requestsOf(bytes, requests, paths) };
  });
}

function columnsOf(requests: readonly RecordedRequest[], paths: readonly string[]): Uint8Array {
  const count = requests.length;
  const bytes = new Uint8Array(count * columns);
  let steps = 0;
  for (const [index, { atMs, person, path, tookMs, outcome }] of requests.entries()) {
    const gap = Math.min(255, Math.max(0, Math.round(atMs / timeStepMs) - steps));
    steps += gap;
    const duration = Math.min(255, Math.floor(Math.log2(Math.max(1, tookMs)) * stepsPerDoubling));
    const row = [gap, person & 255, person >> 8, paths.indexOf(path), duration, outcomes.indexOf(outcome)];
    for (const [column, value] of row.entries()) bytes[column * count + index] = value;
  }
  return bytes;
}

function requestsOf(bytes: Uint8Array, count: number, paths: readonly string[]): readonly RecordedRequest[] {
  let steps = 0;
  return Array.from({ length: count }, (_, index) => {
    const [gap = 0, low = 0, high = 0, path = 0, duration = 0, outcome = 0] = Array.from(
      { length: columns },
      (_unused, column) => bytes[column * count + index],
    );
    steps += gap;
    return {
      atMs: steps * timeStepMs,
      person: low + 256 * high,
      path: paths[path] ?? '/',
      // The middle of its step.
      tookMs: 2 ** ((duration + 0.5) / stepsPerDoubling),
      outcome: outcomes[outcome] ?? 'ok',
    };
  });
}
