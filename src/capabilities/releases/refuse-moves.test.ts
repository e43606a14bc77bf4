import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Before } from '../../rollout/plan.ts';
import { refuseAdoptionElsewhere, refuseMove } from './refuse-moves.ts';

const scope = { app: 'shop', environment: 'production' };
const one = 'ssh://one';
const two = 'ssh://two';
const serving: Before = { kind: 'revision', revision: 'production-1', release: 'r1' };
const adopted: Before = { kind: 'adopted', host: '127.0.0.1', port: 3000 };

test('a rollout adds and leaves machines, and never leaves all of them', () => {
  for (const [from, to] of [
    [[], []],
    [[one], [one, two]],
    [[one, two], [two]],
  ] as const) {
    refuseMove(scope, serving, { servers: from }, { servers: to });
  }
  for (const [from, to] of [
    [[], [one]],
    [[one], []],
    [[one], [two]],
  ] as const) {
    const move = () => refuseMove(scope, serving, { servers: from }, { servers: to });
    assert.throws(move, { code: 'conflict', message: /^production runs on .*, and would run on / });
  }
});

test('before the first release nobody is served yet; what was adopted is on this machine', () => {
  refuseMove(scope, { kind: 'maintenance' }, null, { servers: [one] });
  refuseMove(scope, adopted, null, {});
  assert.throws(() => refuseMove(scope, adopted, null, { servers: [one] }), { code: 'conflict' });
  refuseAdoptionElsewhere(scope, { servers: [] });
  assert.throws(() => refuseAdoptionElsewhere(scope, { servers: [one] }), { code: 'conflict' });
});
