import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lookBackMs, queryForVariant, tellsVariantsApart } from './signals.ts';

test('a query is asked for one variant, or for all of them', () => {
  const query = 'sum(failed{menu=~"$variant"}) / sum(orders{menu=~"$variant"})';
  assert.equal(queryForVariant(query, 'new'), 'sum(failed{menu=~"new"}) / sum(orders{menu=~"new"})');
  assert.equal(queryForVariant(query, null), 'sum(failed{menu=~".*"}) / sum(orders{menu=~".*"})');
  assert.deepEqual([tellsVariantsApart(query), tellsVariantsApart('sum(failed)')], [true, false]);
});

test('a query looks back as far as its longest range', () => {
  assert.equal(lookBackMs('max(queue_age)'), 0);
  assert.equal(lookBackMs('rate(a[5m]) / rate(b[ 30s ])'), 300_000);
  assert.equal(lookBackMs('max_over_time(rate(a[1m])[1h30m:1m])'), 5_400_000);
  assert.equal(lookBackMs('increase(a[1d]) + increase(b[500ms])'), 86_400_000);
});
