import assert from 'node:assert/strict';
import { it } from 'node:test';
import { paceAfter, perSecond } from './request-pace.ts';
import type { Pace } from './request-pace.ts';

function paceOf(looks: readonly (readonly [atMs: number, requests: number])[]): number {
  let pace: Pace | null = null;
  for (const [at, requests] of looks) pace = paceAfter(pace, at, requests);
  return perSecond(pace);
}

it('a steady pace is seen from the second look on, whatever the first one brought', () => {
  const steady = Array.from({ length: 5 }, (_, second) => [second * 1_000, second === 0 ? 9_999 : 10] as const);
  assert.ok(Math.abs(paceOf(steady) - 10) < 1e-9);
  const seldom = Array.from({ length: 5 }, (_, look) => [look * 5_000, 50] as const);
  assert.ok(Math.abs(paceOf(seldom) - 10) < 1e-9);
});

it('a pace follows the load of the last minutes', () => {
  const grown = Array.from({ length: 600 }, (_, second) => [second * 1_000, second < 300 ? 10 : 50] as const);
  assert.ok(Math.abs(paceOf(grown) - 50) < 1);
  // The last second is a sixtieth of the memory.
  const spiked = [...grown.slice(0, 299), [299_000, 70] as const];
  assert.ok(Math.abs(paceOf(spiked) - 11) < 0.05, String(paceOf(spiked)));
});

it('a clock that stands or goes back says nothing', () => {
  assert.equal(paceOf([]), 0);
  assert.equal(
    paceOf([
      [5_000, 10],
      [5_000, 20],
      [4_000, 30],
    ]),
    0,
  );
  const known = [
    [0, 0],
    [1_000, 10],
  ] as const;
  assert.equal(paceOf([...known, [1_000, 99]]), paceOf(known));
});
