import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { answerCases } from './corpus/answer-cases.ts';
import type { AnswerCase } from './corpus/answer-cases.ts';
import { PassageWay } from './passage.ts';
import { nextAnswer, ScriptedUpstream } from './scripted-upstream.ts';
import { allSplits } from './split.ts';
import { readAnswersStrictly } from './strict-answer-reader.ts';

const next = Buffer.from('GET /next HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n');

interface Lane {
  readonly way: PassageWay;
  readonly upstream: ScriptedUpstream;
}

/** Asks for the case, then for something else: on the same connection where that is still open, else on another. */
async function check({ way, upstream }: Lane, wanted: AnswerCase, pieces: readonly Buffer[]): Promise<void> {
  const said = upstream.prepare({ pieces, ends: wanted.ends });
  const ask = Buffer.from(`${wanted.method} /case HTTP/1.1\r\nHost: shop.test\r\n\r\n`);
  const passed = await way.pass([ask, next], { beforeLast: () => said });
  assert.notEqual(passed.end, 'hung', passed.received);
  const reading = readAnswersStrictly(passed.received, [wanted.method], false);
  const { becomes } = wanted;
  if (becomes.kind === 'cut') {
    assert.deepEqual([reading.end, finals(reading.messages)], ['cut', []], passed.received);
    const after = await way.pass([next]);
    assert.deepEqual(finals(readAnswersStrictly(after.received, [], false).messages), [[200, nextAnswer]]);
    return;
  }
  assert.deepEqual([reading.malformed, reading.end], [null, 'complete'], passed.received);
  const [answer, ...others] = finals(reading.messages);
  assert.deepEqual(others, [[200, nextAnswer]], passed.received);
  if (becomes.kind === 'passes') assert.deepEqual(answer, [becomes.status, becomes.body]);
  else assert.equal(answer?.[0], 502, passed.received);
}

function finals(messages: ReturnType<typeof readAnswersStrictly>['messages']): readonly (readonly [number, string])[] {
  return messages.filter(({ status }) => status >= 200).map(({ status, body }) => [status, body]);
}

describe('an answer of the corpus', { concurrency: 4 }, () => {
  const lanes: Lane[] = [];

  before(async () => {
    for (let i = 0; i < 4; i++) {
      const upstream = await ScriptedUpstream.start();
      lanes.push({ upstream, way: await PassageWay.to(upstream.port) });
    }
  });
  after(() => {
    for (const { way, upstream } of lanes) {
      way.stop();
      upstream.stop();
    }
  });

  it('has a name of its own', () => {
    assert.equal(new Set(answerCases.map(({ name }) => name)).size, answerCases.length);
    assert.ok(answerCases.length > 90, `${answerCases.length} cases`);
  });

  for (const wanted of answerCases) {
    it(`${wanted.name}: ${wanted.becomes.kind}, however it is split`, async () => {
      const lane = lanes.pop();
      assert.ok(lane !== undefined);
      try {
        for (const pieces of allSplits(Buffer.from(wanted.bytes, 'latin1'))) await check(lane, wanted, pieces);
      } finally {
        lanes.push(lane);
      }
    });
  }
});
