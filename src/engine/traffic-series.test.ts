import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { durationBin } from '../core/durations.ts';
import type { EpochCounters, TrafficCount } from '../core/routing-document.ts';
import { bucketsKept } from './series-line.ts';
import { mostSeries, TrafficSeries } from './traffic-series.ts';

const scope = { app: 'shop', environment: 'production' };
const begun = 1_800_000_000_000;
const hour = 3_600_000;

function count(revision: string, started: number, more: Partial<TrafficCount> = {}): TrafficCount {
  const none = { ok: 0, clientError: 0, serverError: 0, failed: 0, clientGone: 0, late: [] };
  return { service: 'web', revision, bucket: -1, started, ...none, ...more };
}

function epoch(counts: readonly TrafficCount[], more: Partial<EpochCounters> = {}): EpochCounters {
  return { ...scope, epoch: 1, proxyStart: 'one', openedAtMs: begun, closedAtMs: null, counts, durations: [], ...more };
}

function history(series: TrafficSeries, since = begun) {
  return series.of(scope, { service: null, since });
}

function sum(values: readonly number[] = []): number {
  return Math.round(values.reduce((total, value) => total + value, 0));
}

describe('a series', () => {
  it('has what was counted between two readings in the buckets between them, by revision', () => {
    const series = new TrafficSeries();
    series.record(begun, [epoch([])]);
    series.record(begun + 10_000, [epoch([count('production-1', 100), count('production-2', 5)])]);
    series.record(begun + 30_000, [
      epoch([count('production-1', 300, { serverError: 2, failed: 2 }), count('production-2', 5)]),
    ]);
    const { from, stepMs, exactSince, series: lines } = history(series);
    assert.deepEqual([from, stepMs, exactSince], [begun, 10_000, begun]);
    const [old, young] = lines;
    assert.deepEqual(old?.requests, [100, 100, 100]);
    assert.deepEqual(old?.failed, [0, 2, 2]);
    assert.deepEqual([young?.revision, young?.requests], ['production-2', [5, 0, 0]]);
  });

  it('adds up the buckets of visitors, and what has none', () => {
    const series = new TrafficSeries();
    series.record(begun, [epoch([])]);
    const visitors = [7, 8, -1].map((bucket) => count('production-1', 10, { bucket, serverError: 1 }));
    series.record(begun + 10_000, [epoch(visitors)]);
    const [line] = history(series).series;
    assert.deepEqual([line?.requests, line?.failed], [[30], [3]]);
  });

  it('tells how long requests took in each bucket', () => {
    const series = new TrafficSeries();
    const timed = (fast: number, slow: number) => {
      const counts = Array.from({ length: durationBin(900) + 1 }, () => 0);
      counts[durationBin(20)] = fast;
      counts[durationBin(900)] = slow;
      return [{ service: 'web', revision: 'production-1', counts }];
    };
    series.record(begun, [epoch([], { durations: [] })]);
    series.record(begun + 10_000, [epoch([count('production-1', 100)], { durations: timed(99, 1) })]);
    series.record(begun + 20_000, [epoch([count('production-1', 200)], { durations: timed(149, 51) })]);
    const [line] = history(series).series;
    const [first = 0, second = 0] = line?.p95Ms.map((ms) => ms ?? 0) ?? [];
    assert.ok(first >= 20 && first < 25, `${first}`);
    assert.ok(second >= 900 && second < 1_050, `${second}`);
    assert.ok((line?.medianMs[0] ?? 0) < 25);
    series.record(begun + 30_000, [epoch([count('production-1', 300)], { durations: timed(149, 151) })]);
    assert.ok((history(series).series[0]?.medianMs[2] ?? 0) >= 900, 'only what came since counts');
  });

  for (const [sinceMs, isRead] of [
    [0, false],
    [3_999, false],
    [4_000, true],
  ] as const) {
    it(`has an answer that came ${sinceMs} ms after the last one ${isRead ? 'at once' : 'with the next one'}`, () => {
      const series = new TrafficSeries();
      series.record(begun, [epoch([])]);
      series.record(begun + 18_000, [epoch([count('production-1', 90)])]);
      series.record(begun + 18_000 + sinceMs, [epoch([count('production-1', 210)])]);
      series.record(begun + 30_000, [epoch([count('production-1', 210)])]);
      // 120 in four seconds, of which two belong to the second bucket; or in twelve.
      assert.deepEqual(history(series).series[0]?.requests, isRead ? [50, 100, 60] : [50, 60, 100]);
    });
  }

  it('has what an epoch had counted when it closed, however soon after the last answer', () => {
    const series = new TrafficSeries();
    series.record(begun, [epoch([])]);
    series.record(begun + 10_000, [epoch([count('production-1', 50)])]);
    const closed = epoch([count('production-1', 60)], { closedAtMs: begun + 10_000 });
    const next = (started: number) => {
      return epoch([count('production-1', started)], { epoch: 2, openedAtMs: begun + 10_000 });
    };
    series.record(begun + 10_000, [closed, next(0)]);
    series.record(begun + 20_000, [next(30)]);
    const { exactSince, series: lines } = history(series);
    assert.deepEqual([exactSince, lines[0]?.requests], [begun, [50, 40]]);
  });

  it('has what ended before the last answer, by another clock, when it ended', () => {
    const series = new TrafficSeries();
    series.record(begun, [epoch([])]);
    series.record(begun + 25_000, [epoch([count('production-1', 50)])]);
    series.record(begun + 40_000, [epoch([count('production-1', 57)], { closedAtMs: begun + 12_000 })]);
    assert.deepEqual(history(series).series[0]?.requests, [20, 27, 10, 0]);
  });

  it('has failures and times of requests that were counted before', () => {
    const series = new TrafficSeries();
    const counts = (serverError: number) => [count('production-1', 9, { serverError })];
    const durations = [{ service: 'web', revision: 'production-1', counts: [9] }];
    series.record(begun, [epoch([])]);
    series.record(begun + 10_000, [epoch(counts(3))]);
    series.record(begun + 20_000, [epoch(counts(5))]);
    series.record(begun + 30_000, [epoch(counts(5), { durations })]);
    const [line] = history(series).series;
    assert.deepEqual(line?.requests, [9, 0, 0]);
    assert.deepEqual(line?.failed, [3, 2, 0]);
    assert.deepEqual(line?.medianMs, [null, null, 1.1]);
  });

  it('of a control plane that has just started shows the average of what its proxy had counted before', () => {
    const series = new TrafficSeries();
    series.record(begun + 600_000, [epoch([count('production-1', 6_000)])]);
    const { series: lines, exactSince } = history(series);
    assert.equal(exactSince, begun + 600_000);
    assert.deepEqual(new Set(lines[0]?.requests), new Set([100]));
    assert.equal(lines[0]?.requests.length, 60);
  });

  it('of a proxy that has counted for days has the last two hours of that average', () => {
    const series = new TrafficSeries();
    const days = 5 * 24 * hour;
    series.record(begun + days, [epoch([count('production-1', days / 1_000)])]);
    const { series: lines } = history(series);
    assert.ok(Math.abs(sum(lines[0]?.requests) - 7_200) <= 20, `${sum(lines[0]?.requests)}`);
  });

  it('counts an epoch that has closed once, up to its end, and the next one from its beginning', () => {
    const series = new TrafficSeries();
    series.record(begun, [epoch([])]);
    const closed = epoch([count('production-1', 50)], { closedAtMs: begun + 10_000 });
    const next = epoch([count('production-1', 30)], { epoch: 2, openedAtMs: begun + 10_000 });
    series.record(begun + 20_000, [closed, next]);
    series.record(begun + 21_000, [closed, next]);
    assert.deepEqual(history(series).series[0]?.requests, [50, 30]);
  });

  it('goes on when another proxy counts from nothing', () => {
    const series = new TrafficSeries();
    series.record(begun, [epoch([count('production-1', 500)], { openedAtMs: begun - 10_000 })]);
    series.record(begun + 10_000, [epoch([count('production-1', 10)], { proxyStart: 'two' })]);
    assert.deepEqual(history(series).series[0]?.requests, [10]);
  });

  it('is of one environment and, where it is asked for, of one service', () => {
    const series = new TrafficSeries();
    series.record(begun, [epoch([])]);
    const counts = [count('production-1', 1), count('production-1', 2, { service: 'api' })];
    series.record(begun + 10_000, [epoch(counts), { ...epoch(counts), environment: 'staging' }]);
    assert.deepEqual(
      series.of(scope, { service: 'api', since: begun }).series.map((line) => [line.service, ...line.requests]),
      [['api', 2]],
    );
  });

  it('is left out where nobody has asked for it since', () => {
    const series = new TrafficSeries();
    series.record(begun, [epoch([])]);
    series.record(begun + 10_000, [epoch([count('production-1', 9)])]);
    series.record(begun + 30_000, [epoch([count('production-1', 9), count('production-2', 8)])]);
    const since = (ms: number) => history(series, begun + ms).series.map(({ revision }) => revision);
    assert.deepEqual(since(0), ['production-1', 'production-2']);
    assert.deepEqual(since(10_000), ['production-2']);
    assert.deepEqual(since(20_000), ['production-2']);
    assert.deepEqual(since(30_000), []);
  });

  it('forgets what nobody has asked for in two hours, and keeps the order of what is left', () => {
    const series = new TrafficSeries();
    const durations = [{ service: 'web', revision: 'production-1', counts: [0, 9] }];
    const counts = [count('production-1', 9)];
    const more = [count('production-2', 5), count('production-3', 5)];
    series.record(begun, [epoch([])]);
    series.record(begun + 10_000, [epoch(counts, { durations })]);
    series.record(begun + 20_000, [epoch([...counts, ...more], { durations })]);
    const last = [...counts, count('production-2', 5), count('production-3', 6)];
    series.record(begun + 2 * hour - 1, [epoch(last, { durations })]);
    assert.equal(series.size, 3);
    series.record(begun + 2 * hour + 4_000, [epoch(last, { durations })]);
    assert.deepEqual(
      history(series).series.map(({ revision }) => revision),
      ['production-2', 'production-3'],
    );
    series.record(begun + 5 * hour, [epoch(last, { durations })]);
    assert.equal(series.size, 0);
    assert.deepEqual(history(series).series, []);
  });

  it('forgets what was asked for longest ago when there are too many', () => {
    const series = new TrafficSeries();
    const services = (name: string, length: number) =>
      Array.from({ length }, (_, index) => count('production-1', 1, { service: `${name}-${index}` }));
    const [early, late] = [services('early', mostSeries), services('late', 10)];
    series.record(begun, [epoch([])]);
    series.record(begun + 10_000, [epoch(early)]);
    assert.equal(series.size, mostSeries);
    series.record(begun + 20_000, [epoch([...early, ...late])]);
    const names = history(series).series.map(({ service }) => service);
    assert.equal(names.length, mostSeries);
    assert.equal(names.filter((name) => name.startsWith('late')).length, 10);
  });

  it('never has more lines and buckets than it says, whatever is counted', () => {
    const series = new TrafficSeries();
    const services = (revision: string, started: number) =>
      Array.from({ length: 1_000 }, (_, index) => count(revision, started, { service: `service-${index}` }));
    series.record(begun, [epoch([])]);
    for (let bucket = 1; bucket <= bucketsKept + 40; bucket += 20) {
      const counts = [...services('production-1', 10 * bucket), ...services('production-2', bucket)];
      series.record(begun + bucket * 10_000, [epoch(counts)]);
    }
    assert.equal(series.size, mostSeries);
    const { series: lines } = history(series);
    assert.equal(lines.length, mostSeries);
    assert.ok(lines.every(({ requests, p95Ms }) => requests.length === bucketsKept && p95Ms.length === bucketsKept));
  });

  it('begins anew when somebody has set the clock back', () => {
    const series = new TrafficSeries();
    series.record(begun, [epoch([])]);
    series.record(begun + 10_000, [epoch([count('production-1', 9)])]);
    series.record(begun - hour, [epoch([count('production-1', 9)])]);
    assert.deepEqual([series.size, history(series).exactSince], [0, begun - hour]);
    series.record(begun - hour + 10_000, [epoch([count('production-1', 17)])]);
    assert.deepEqual(series.of(scope, { service: null, since: begun - hour }).series[0]?.requests, [8]);
  });
});
