import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrafficSeriesView } from '../../../src/capabilities/releases/series-api.ts';
import { intervalsOf } from './compared-traffic.ts';

type Series = TrafficSeriesView['series'][number];

const series = (revision: string, requests: number[], more: Partial<Series> = {}): Series => ({
  ...{ service: 'web', revision, requests, failed: requests.map(() => 0) },
  ...{ medianMs: requests.map(() => 10), p95Ms: requests.map(() => 40) },
  ...more,
});
const view = (...all: Series[]): TrafficSeriesView => ({ stepMs: 10_000, from: 0, exactSince: 0, series: all });
const always = { from: 0, to: 1_000_000 };

test('buckets become requests a second and the part that failed, of both revisions', () => {
  const [first, second] = intervalsOf(
    view(series('p-1', [200, 100]), series('p-2', [20, 0], { failed: [5, 0] })),
    'web',
    'p-2',
    always,
  );
  assert.deepEqual(first, {
    at: 10_000,
    new: { requestsPerS: 2, failed: 0.25, p95Ms: 40 },
    old: { requestsPerS: 20, failed: 0, p95Ms: 40 },
  });
  assert.equal(second?.new.failed, null);
});

test('of several earlier revisions the one that served most is compared', () => {
  const [only] = intervalsOf(view(series('p-0', [1]), series('p-1', [90]), series('p-2', [10])), 'web', 'p-2', always);
  assert.equal(only?.old.requestsPerS, 9);
});

test('only buckets of the time in question are shown', () => {
  const all = view(series('p-2', [1, 2, 3, 4]));
  const shown = intervalsOf(all, 'web', 'p-2', { from: 10_000, to: 25_000 });
  assert.deepEqual(
    shown.map(({ at }) => at),
    [20_000, 30_000],
  );
});

test('a service without another revision has nothing beside it', () => {
  const [only] = intervalsOf(view(series('p-2', [5])), 'web', 'p-2', always);
  assert.deepEqual(only?.old, { requestsPerS: null, failed: null, p95Ms: null });
  assert.deepEqual(intervalsOf(view(), 'web', 'p-2', always), []);
});
