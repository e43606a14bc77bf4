import assert from 'node:assert/strict';
import { it } from 'node:test';
import { durationBin, durationBins } from '../../core/durations.ts';
import { unnoticedMs, withoutUnnoticed } from './unnoticed.ts';

it('what nobody notices is as long as the shortest that can be noticed, and no request is lost', () => {
  const counts = Array.from({ length: durationBins }, (_, bin) => bin + 1);
  const noticed = durationBin(unnoticedMs);
  const expected = counts.map((count, bin) => (bin < noticed ? 0 : count));
  expected[noticed] = ((noticed + 1) * (noticed + 2)) / 2;
  assert.deepEqual(withoutUnnoticed(counts), expected);
});
