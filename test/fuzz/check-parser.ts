import type { Stream } from './generate-stream.ts';
import { readWithParser } from './parser-reading.ts';
import type { ParserReading } from './parser-reading.ts';
import { readRequestsStrictly } from './strict-request-reader.ts';

export interface Checked {
  /** What is wrong; null: nothing. */
  readonly problem: string | null;
  readonly reading: ParserReading | null;
}

/** Reads a stream whole and in pieces and holds both readings to what must be true of every stream. */
export function checkParser({ text, pieces, isSound, meant }: Stream): Checked {
  try {
    const whole = readWithParser([Buffer.from(text, 'latin1')]);
    const problem =
      checkUpstream(whole) ?? (isSound ? checkMeant(whole, meant) : null) ?? checkSplit(whole, readWithParser(pieces));
    return { problem, reading: whole };
  } catch (error) {
    return {
      problem: `it threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      reading: null,
    };
  }
}

function checkMeant({ requests, end }: ParserReading, meant: Stream['meant']): string | null {
  if (end !== 'complete' || requests.length !== meant.length)
    return `a sound stream was read as ${requests.length}, ${end}`;
  const other = meant.findIndex((request, i) => {
    const read = requests[i];
    return read?.method !== request.method || read.target !== request.target || read.body !== request.body;
  });
  return other < 0 ? null : `request ${other} of a sound stream was read as another one`;
}

/** An instance that takes nothing ambiguous must see the same requests, and none that was not read. */
function checkUpstream({ requests, upstream, end }: ParserReading): string | null {
  const strict = readRequestsStrictly(upstream);
  if (strict.malformed !== null) return `what goes upstream is malformed: ${strict.malformed}`;
  if (strict.messages.length !== requests.length)
    return `${requests.length} were read, ${strict.messages.length} go upstream`;
  if (end === 'complete' && strict.end !== 'complete') return 'what goes upstream has no end';
  for (const [i, request] of requests.entries()) {
    const sent = strict.messages[i];
    const host = sent?.fields.find(([name]) => name === 'host')?.[1];
    if (
      sent?.method !== request.method ||
      sent.target !== request.target ||
      sent.body !== request.body ||
      host !== request.host
    )
      return `request ${i} goes upstream as another one`;
  }
  return null;
}

function checkSplit(whole: ParserReading, split: ParserReading): string | null {
  const other = checkUpstream(split);
  if (other !== null) return `in pieces: ${other}`;
  if (whole.end !== split.end) return `it is ${whole.end}, but in pieces ${split.end}`;
  if (whole.requests.length !== split.requests.length)
    return `it holds ${whole.requests.length} requests, but in pieces ${split.requests.length}`;
  // Equal texts upstream mean equal requests; only what was begun may differ.
  const common = Math.min(whole.upstream.length, split.upstream.length);
  return whole.upstream.slice(0, common) === split.upstream.slice(0, common)
    ? null
    : 'in pieces other requests go upstream';
}
