import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Quality } from './behaviour.ts';
import { passage } from './every-point.ts';

const strategies = ['blue-green', 'rolling', 'recreate', 'canary'] as const;
const releases: readonly (readonly [Quality, end: string])[] = [
  ['good', 'settled'],
  ['does-not-start', 'returned'],
  ['verification-fails', 'returned'],
  ['fails-in-public', 'returned'],
];

/** Before and after each write, before and after each call that changes anything, and between the calls of an effect. */
describe('a control plane that is killed at any one point', () => {
  for (const strategy of strategies) {
    const more: typeof releases = strategy === 'canary' ? [['fails-users', 'returned']] : [];
    for (const [quality, end] of [...releases, ...more]) {
      it(`ends a ${strategy} rollout as if it had not been (${quality}: ${end})`, async (test) => {
        const unharmed = await passage(strategy, quality, null);
        assert.deepEqual([unharmed.violations, JSON.parse(unharmed.endState).end], [[], end]);
        assert.ok(unharmed.points > 60, `only ${unharmed.points} points`);
        for (let point = 0; point < unharmed.points; point++) {
          const killed = await passage(strategy, quality, point);
          assert.equal(killed.crashes, 1, `point ${point} was never reached`);
          assert.deepEqual(killed.violations, [], `killed at point ${point}`);
          assert.equal(killed.endState, unharmed.endState, `killed at point ${point}`);
        }
        test.diagnostic(`killed at each of ${unharmed.points} points`);
      });
    }
  }
});
