import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPercentages, withRest } from './flag-shares.ts';

test('the default variant gets what is left of 100', () => {
  assert.deepEqual(withRest([{ variant: 'on', percent: 25 }], 'off'), [
    { variant: 'on', percent: 25 },
    { variant: 'off', percent: 75 },
  ]);
  assert.deepEqual(withRest([{ variant: 'on', percent: 25 }], 'on'), [{ variant: 'on', percent: 100 }]);
  assert.deepEqual(withRest([{ variant: 'on', percent: 100 }], 'off'), [{ variant: 'on', percent: 100 }]);
});

test('percentages are read as people of both languages type them', () => {
  assert.deepEqual(readPercentages({ on: '12,5', off: '' }), [{ variant: 'on', percent: 12.5 }]);
  assert.deepEqual(readPercentages({ on: '0.1', off: '99.9' })?.length, 2);
});

test('more than 100, less than nothing and words are refused', () => {
  assert.equal(readPercentages({ on: '60', off: '50' }), null);
  assert.equal(readPercentages({ on: '-1' }), null);
  assert.equal(readPercentages({ on: 'half' }), null);
});
