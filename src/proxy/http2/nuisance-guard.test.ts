import assert from 'node:assert/strict';
import { it } from 'node:test';
import { NuisanceGuard } from './nuisance-guard.ts';

it('a guard lets a burst pass, then so many each second', () => {
  const guard = new NuisanceGuard(10, 2, 0);
  const passed = (count: number, atMs: number) =>
    Array.from({ length: count }, () => guard.take(atMs)).filter(Boolean).length;
  assert.equal(passed(20, 0), 10);
  assert.equal(passed(20, 1_000), 2);
  assert.equal(passed(20, 3_500), 5);
  assert.equal(passed(20, 1_000_000), 10);
});
