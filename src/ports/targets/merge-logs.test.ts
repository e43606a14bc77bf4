import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeLogs } from './merge-logs.ts';
import type { LogLine } from './targets.ts';

const line = (at: number, text = `${at}`): LogLine => ({
  ...{ at, text, service: 'web', revision: 'production-1', slot: 0, attempt: 1, stream: 'out' },
});

async function* source(...times: readonly number[]): AsyncGenerator<LogLine> {
  for (const at of times) yield line(at);
}

/** Says what it is told to, when it is told to. */
function spoken() {
  const said: LogLine[] = [];
  let wake = () => {};
  let isOver = false;
  const lines = (async function* () {
    for (;;) {
      const next = said.shift();
      if (next !== undefined) yield next;
      else if (isOver) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  })();
  return {
    lines,
    say: (at: number) => (said.push(line(at)), wake()),
    end: () => ((isOver = true), wake()),
  };
}

test('the latest lines of all sources come in the order of their times', async () => {
  const all = await Array.fromAsync(mergeLogs([source(1, 4, 6), source(2, 3, 7)], { last: 4, follow: false }));
  assert.deepEqual(
    all.map(({ at }) => at),
    [3, 4, 6, 7],
  );
});

test('who follows hears each line when it comes, whoever says it, until all have ended', async () => {
  const [one, other] = [spoken(), spoken()];
  const merged = mergeLogs([one.lines, other.lines], { last: 10, follow: true });
  const next = async () => (await merged.next()).value?.at;
  other.say(5);
  assert.equal(await next(), 5);
  one.say(1);
  assert.equal(await next(), 1);
  one.end();
  other.say(9);
  assert.equal(await next(), 9);
  other.end();
  assert.equal((await merged.next()).done, true);
});
