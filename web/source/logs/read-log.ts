import type { LogLineView } from '../../../src/capabilities/releases/releases-api.ts';
import { ApiError, errorOf } from '../api/api-error.ts';
import { parseLine } from '../api/parse-answers.ts';

/** How long lines are read without a pause, in milliseconds: the page has to answer meanwhile. */
const longestTurnMs = 8;

/** Lines of `application/x-ndjson`, in the pieces in which they come, an empty one first. Ends with the stream; throws ApiError. */
export async function* readLog(address: string, signal: AbortSignal): AsyncGenerator<readonly LogLineView[]> {
  const response = await begin(address, signal);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) return;
  yield []; // it is open, also when nobody has written anything yet
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const texts = (rest + value).split('\n');
    rest = texts.pop() ?? '';
    for (const some of inTurns(texts)) {
      yield some;
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
}

/** Parses as much as fits into a turn, and then the next. */
function* inTurns(texts: readonly string[]): Generator<readonly LogLineView[]> {
  let lines: LogLineView[] = [];
  let begunAt = performance.now();
  for (const text of texts) {
    const line = parseLine<LogLineView>(text);
    if (line !== null) lines.push(line);
    if (performance.now() - begunAt < longestTurnMs) continue;
    yield lines;
    lines = [];
    begunAt = performance.now();
  }
  if (lines.length > 0) yield lines;
}

async function begin(address: string, signal: AbortSignal): Promise<Response> {
  const response = await fetch(address, { credentials: 'same-origin', signal }).catch((thrown: unknown) => {
    if (signal.aborted) throw thrown;
    throw new ApiError({ status: 0, code: 'unreachable', message: '', hint: null, details: [], retriable: true });
  });
  if (!response.ok) throw errorOf(response.status, await response.text());
  return response;
}
