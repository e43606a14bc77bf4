import { fuzzLimits } from './fuzz-limits.ts';
import type { Stream } from './generate-stream.ts';
import { readWithParser } from './parser-reading.ts';
import type { ReadRequest } from './parser-reading.ts';
import { PassageWay } from './passage.ts';
import type { Passed } from './passage.ts';
import { RecordingUpstream, seenField } from './recording-upstream.ts';
import type { Recording } from './recording-upstream.ts';
import { turns } from './scripted-upstream.ts';
import { readAnswersStrictly } from './strict-answer-reader.ts';
import type { StrictRequest } from './strict-request-reader.ts';

const refusals = new Set([400, 413, 414, 417, 431, 501, 505]);

/** A proxy and an instance on real sockets, for one stream after another. */
export class WholePath {
  readonly #way: PassageWay;
  readonly #upstream: RecordingUpstream;

  private constructor(way: PassageWay, upstream: RecordingUpstream) {
    this.#way = way;
    this.#upstream = upstream;
  }

  static async open(): Promise<WholePath> {
    const upstream = await RecordingUpstream.start();
    return new WholePath(await PassageWay.to(upstream.port, fuzzLimits), upstream);
  }

  /** Sends a stream in its pieces, ends the sending side, and says what is wrong with what came of it; null: nothing. */
  async check({ text, pieces }: Pick<Stream, 'text' | 'pieces'>): Promise<string | null> {
    const passed = await this.#way.pass(pieces, { halfCloses: true });
    const recording = this.#upstream.take();
    const left = await this.#leftOver();
    if (left !== '') return left;
    return checkPassage(text, passed, recording);
  }

  /** What is still open a moment after the client has seen the end. */
  async #leftOver(): Promise<string> {
    for (let left = 1_000; ; left--) {
      const { connections, addresses } = this.#way.plane.status();
      const open = addresses.reduce((sum, { activeRequests }) => sum + activeRequests, 0);
      if (connections === 0 && open === 0) return '';
      if (left === 0) return `${connections} connections and ${open} requests are left over`;
      await turns(1);
    }
  }

  close(): void {
    this.#way.stop();
    this.#upstream.stop();
  }
}

/** What was passed on and answered must be what the parser reads in the stream: no more, no less, in order. */
function checkPassage(text: string, passed: Passed, { requests, malformed }: Recording): string | null {
  if (passed.end === 'hung') return 'the connection stayed open';
  if (malformed.length > 0) return `the instance got something malformed: ${malformed.join('; ')}`;
  const reading = readWithParser([Buffer.from(text, 'latin1')]);
  const closingAt = reading.requests.findIndex(({ closes }) => closes);
  const wanted = closingAt < 0 ? reading.requests : reading.requests.slice(0, closingAt + 1);
  if (requests.length !== wanted.length)
    return `the stream holds ${wanted.length} requests, the instance got ${requests.length}`;
  const other = wanted.findIndex((request, i) => !isSame(request, requests[i]));
  if (other >= 0) return `the instance got request ${other} as another one`;
  const methods = [...requests.map(({ method }) => method), reading.begun ?? ''];
  const answers = readAnswersStrictly(passed.received, methods, false);
  if (answers.malformed !== null || answers.end !== 'complete') return `the answers are ${answers.malformed ?? 'cut'}`;
  const isRefused = closingAt < 0 && reading.end === 'refused';
  return checkAnswers(answers.messages, wanted.length, isRefused);
}

function checkAnswers(
  answers: ReturnType<typeof readAnswersStrictly>['messages'],
  wanted: number,
  isRefused: boolean,
): string | null {
  const got = answers.map(({ status, fields }) =>
    status === 200 ? Number(fields.find(([name]) => name === seenField)?.[1]) : status,
  );
  const own = got.slice(wanted);
  if (got.slice(0, wanted).some((seen, i) => seen !== i) || got.length < wanted)
    return `the answers are ${got.join(', ')}`;
  if (own.length !== (isRefused ? 1 : 0)) return `beyond the answers came ${own.join(', ') || 'no refusal'}`;
  if (!isRefused) return null;
  const refusal = answers.at(-1);
  if (!refusals.has(refusal?.status ?? 0)) return `the refusal is ${refusal?.status}`;
  const closes = refusal?.fields.some(([name, value]) => name === 'connection' && value === 'close');
  return closes === true ? null : 'the refusal does not say close';
}

function isSame(read: ReadRequest, got: StrictRequest | undefined): boolean {
  const host = got?.fields.find(([name]) => name === 'host')?.[1];
  return read.method === got?.method && read.target === got.target && read.body === got.body && read.host === host;
}
