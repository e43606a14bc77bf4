import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { framingCases } from './corpus/request-framing.ts';
import { lineCases } from './corpus/request-lines.ts';
import { poison } from './corpus/request-case.ts';
import type { RequestCase } from './corpus/request-case.ts';
import { PassageWay } from './passage.ts';
import type { Passed } from './passage.ts';
import { RecordingUpstream, seenField } from './recording-upstream.ts';
import type { Recording } from './recording-upstream.ts';
import { allSplits } from './split.ts';
import { readAnswersStrictly } from './strict-answer-reader.ts';

const cases = [...framingCases, ...lineCases];
const last = 'GET /last HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n';

/** The whole stream of a case: what is refused or closed is followed by what must not be read any more. */
function streamOf({ bytes, ending }: RequestCase): Buffer {
  const more = { refused: poison, closes: poison, whole: last, waits: '' }[ending.kind];
  return Buffer.from(bytes + more, 'latin1');
}

function judge(wanted: RequestCase, passed: Passed, { requests, malformed }: Recording): void {
  const { ending } = wanted;
  assert.deepEqual(malformed, [], 'what the instance got is not strict HTTP');
  const passes = ending.kind === 'whole' ? [...wanted.passes, 'GET /last '] : wanted.passes;
  assert.deepEqual(
    requests.map(({ method, target, body }) => `${method} ${target} ${body}`),
    passes,
  );
  if (wanted.host !== undefined) assert.equal(requests[0]?.fields.find(([name]) => name === 'host')?.[1], wanted.host);
  // A client that cannot know of the refusal yet may see a reset; the instance has seen nothing all the same.
  assert.notEqual(passed.end, 'hung', 'the connection stayed open');
  const methods = requests.map(({ method }) => method);
  const answers = readAnswersStrictly(passed.received, methods, true);
  assert.deepEqual([answers.malformed, answers.end], [null, 'complete'], passed.received);
  const seen = answers.messages.map(({ status, fields }) =>
    status === 200 ? Number(fields.find(([name]) => name === seenField)?.[1]) : status,
  );
  const refusals = ending.kind === 'refused' ? [ending.status] : [];
  assert.deepEqual(seen, [...passes.map((_, i) => i), ...refusals], passed.received);
  if (ending.kind !== 'waits') {
    const closing = answers.messages.at(-1)?.fields.some(([name, value]) => name === 'connection' && value === 'close');
    assert.equal(closing, true, 'the last answer does not say close');
  }
}

describe('a request of the corpus', { concurrency: 4 }, () => {
  const lanes: { way: PassageWay; upstream: RecordingUpstream }[] = [];

  before(async () => {
    for (let i = 0; i < 4; i++) {
      const upstream = await RecordingUpstream.start();
      lanes.push({ upstream, way: await PassageWay.to(upstream.port, { clientIdleMs: 2_000, halfCloseMs: -1 }) });
    }
  });
  after(() => {
    for (const { way, upstream } of lanes) {
      way.stop();
      upstream.stop();
    }
  });

  async function check(wanted: RequestCase, pieces: readonly Buffer[]): Promise<void> {
    const lane = lanes.pop();
    assert.ok(lane !== undefined);
    try {
      const passed = await lane.way.pass(pieces, { halfCloses: wanted.ending.kind === 'waits' });
      judge(wanted, passed, lane.upstream.take());
    } finally {
      lanes.push(lane);
    }
  }

  it('has a name of its own', () => {
    assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length);
    assert.ok(cases.length > 200, `${cases.length} cases`);
  });

  for (const wanted of cases) {
    const what = wanted.ending.kind === 'refused' ? `gets ${wanted.ending.status}` : 'means what it says';
    it(`${wanted.name}: ${what}, however it is split`, async () => {
      for (const pieces of allSplits(streamOf(wanted))) await check(wanted, pieces);
    });
  }
});
