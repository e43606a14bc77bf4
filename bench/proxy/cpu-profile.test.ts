import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partOf, selfTimes } from './cpu-profile.ts';

const node = (id: number, functionName: string, url: string) => ({
  id,
  callFrame: { functionName, url, lineNumber: 9 },
});
const profile = {
  nodes: [
    node(1, 'count', 'file:///anywhere/src/proxy/counting/traffic-counters.ts'),
    node(2, 'relay', 'file:///anywhere/src/proxy/response-relay.ts'),
    node(3, '(idle)', ''),
    node(4, 'relay', 'file:///anywhere/src/proxy/response-relay.ts'),
  ],
  startTime: 1_000,
  samples: [2, 2, 1, 3, 4, 2, 2],
  timeDeltas: [0, 10, 10, 10, 10, 10, 10],
};

test('samples within the window are counted by function, idle ones are not', () => {
  const times = selfTimes(profile, { fromUs: 1_010, toUs: 1_050 });
  assert.equal(times.samples, 4);
  assert.deepEqual(
    times.functions.map(({ name, part }) => [name, part]),
    [
      ['relay src/proxy/response-relay.ts:10', 0.75],
      ['count src/proxy/counting/traffic-counters.ts:10', 0.25],
    ],
  );
});

test('a part is that of all functions of the files that match', () => {
  const times = selfTimes(profile, { fromUs: 0, toUs: 2_000 });
  assert.equal(partOf(times, /traffic-counters\.ts$/), 1 / 6);
  assert.equal(partOf(times, /^src\/proxy\//), 1);
});

test('a window without a sample has no functions', () => {
  assert.deepEqual(selfTimes(profile, { fromUs: 5_000, toUs: 6_000 }), { samples: 0, functions: [] });
});
