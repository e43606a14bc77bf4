import type { LogLine, LogQuery } from './targets.ts';

interface Head {
  readonly from: AsyncIterator<LogLine>;
  readonly next: Promise<{ readonly head: Head; readonly result: IteratorResult<LogLine> }>;
}

/**
 * The lines of several targets as of one: the latest ones in the order of their times, and with `follow` then each as it
 * comes. `sources` were asked with this query.
 */
export async function* mergeLogs(
  sources: readonly AsyncIterable<LogLine>[],
  query: Pick<LogQuery, 'last' | 'follow'>,
): AsyncGenerator<LogLine> {
  const [only] = sources;
  if (sources.length === 1 && only !== undefined) return yield* only;
  if (query.follow) return yield* inTurn(sources);
  const all = (await Promise.all(sources.map((source) => Array.fromAsync(source)))).flat();
  yield* all.toSorted((a, b) => a.at - b.at).slice(-query.last);
}

/** Whoever has a line is next. */
async function* inTurn(sources: readonly AsyncIterable<LogLine>[]): AsyncGenerator<LogLine> {
  const waiting = new Set(sources.map((source) => ask(source[Symbol.asyncIterator]())));
  try {
    while (waiting.size > 0) {
      const { head, result } = await Promise.race([...waiting].map(({ next }) => next));
      waiting.delete(head);
      if (result.done === true) continue;
      waiting.add(ask(head.from));
      yield result.value;
    }
  } finally {
    for (const { from } of waiting) void from.return?.();
  }
}

function ask(from: AsyncIterator<LogLine>): Head {
  const head: Head = { from, next: from.next().then((result) => ({ head, result })) };
  return head;
}
