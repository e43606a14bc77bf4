import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { mostPoints, withPoint } from './evidence-history.ts';
import type { EvidencePoint } from './judgement.ts';

const begin = Date.UTC(2030, 0, 7, 10);

function historyOf(distancesMs: readonly number[]): readonly EvidencePoint[] {
  let at = begin;
  let points: readonly EvidencePoint[] = [];
  for (const distanceMs of distancesMs) {
    at += distanceMs;
    points = withPoint(points, { at, harm: 0, health: 0 });
    assert.ok(points.length <= mostPoints);
    assert.equal(points.at(-1)?.at, at);
  }
  return points;
}

it('evidence is kept in a bounded number of points, the newest always among them', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 5_000 }), { minLength: 1, maxLength: 2_000 }), (distancesMs) => {
      const points = historyOf(distancesMs);
      assert.ok(points.every(({ at }, index) => index === 0 || at >= (points[index - 1]?.at ?? 0)));
    }),
    { numRuns: 30 },
  );
});

it('points of a long time are spread evenly over it', () => {
  const points = historyOf(Array.from({ length: 20_000 }, () => 1_000));
  assert.ok(points.length >= mostPoints / 3, String(points.length));
  const distances = points.slice(1).map(({ at }, index) => at - (points[index]?.at ?? 0));
  assert.ok(Math.max(...distances) <= 4 * (20_000_000 / mostPoints));
  assert.ok((points[0]?.at ?? Infinity) <= begin + 2_000);
});

it('few points are all kept, and of too many every other one', () => {
  const after = (looks: number) => historyOf(Array.from({ length: looks }, () => 1_000)).length;
  assert.deepEqual([60, mostPoints, mostPoints + 1].map(after), [60, mostPoints, mostPoints / 2 + 1]);
});
