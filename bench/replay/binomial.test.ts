import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clopperPearson, mostHits } from './binomial.ts';

const rounded = (bounds: readonly number[]) => bounds.map((bound) => Number(bound.toFixed(5)));

test('bounds without a hit, and without a miss, are those of the geometric formula', () => {
  const bound = 0.005 ** (1 / 1000);
  assert.deepEqual(rounded(clopperPearson(0, 1000, 0.99)), rounded([0, 1 - bound]));
  assert.deepEqual(rounded(clopperPearson(1000, 1000, 0.99)), rounded([bound, 1]));
});

test('bounds of 4 of 20 are those of the published table', () => {
  // C. J. Clopper, E. S. Pearson, Biometrika 26 (1934): 95 %.
  assert.deepEqual(
    clopperPearson(4, 20, 0.95).map((bound) => Number(bound.toFixed(3))),
    [0.057, 0.437],
  );
});

test('one in a hundred gives at most 18 of 1,000', () => {
  assert.equal(mostHits(1000, 0.01, 0.99), 18);
  assert.equal(mostHits(60, 0.01, 0.99), 3);
});
