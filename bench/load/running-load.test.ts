import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DroppingServer, type WayToDrop } from './fixtures/dropping-server.ts';
import { failuresOf, lastOfOthersMs, reportOf } from './load-report.ts';
import { RunningLoad } from './running-load.ts';
import type { RequestRecord } from './request-record.ts';

/** Runs a load against a server that loses each n-th request, until the server has seen enough. */
async function runAgainst(every: number, ways: readonly WayToDrop[], requests: number) {
  const server = new DroppingServer(every, ways);
  const load = new RunningLoad({
    port: await server.listen(),
    hostName: 'bench.test',
    keptPerSecond: 1_600,
    freshPerSecond: 400,
    keptConnections: 50,
    postPart: 0.2,
    slowPart: 0.1,
    timeoutMs: 60_000,
  });
  try {
    const deadline = performance.now() + 120_000;
    while (server.seen < requests && performance.now() < deadline) await sleep(20);
    const records = await load.stop();
    return { records, seen: server.seen, dropped: server.dropped };
  } finally {
    load.kill();
    server.close();
  }
}

test('against a server that drops 1 in 10,000 requests the load reports exactly those, and nothing is sent twice', async () => {
  const { records, seen, dropped } = await runAgainst(10_000, ['close', 'reset'], 30_000);
  const report = reportOf(records);
  assert.equal(report.sent, seen);
  assert.equal(report.failed, Math.floor(seen / 10_000));
  assert.equal(countOf(records, 'EOF'), dropped.close);
  assert.equal(countOf(records, 'ECONNRESET'), dropped.reset);
});

test('each way to lose a request is told apart and counted exactly', async () => {
  const { records, seen, dropped } = await runAgainst(101, ['close', 'reset', 'cut', 'refuse', 'mix-up'], 4_000);
  assert.equal(records.length, seen);
  const told = {
    close: countOf(records, 'EOF'),
    reset: countOf(records, 'ECONNRESET'),
    cut: countOf(records, 'EOF in the answer'),
    refuse: countOf(records, 'HTTP 502'),
    'mix-up': countOf(records, "another request's answer"),
  };
  assert.deepEqual(told, dropped);
  assert.ok(Object.values(dropped).every((count) => count > 0));
});

test('the load is what was wished: kept and fresh connections, POSTs and slow requests in their parts', async () => {
  const { records } = await runAgainst(1_000_000, ['close'], 4_000);
  const during = whileBothRan(records);
  const part = (isWanted: (record: RequestRecord) => boolean) => during.filter(isWanted).length / during.length;
  assert.ok(during.length > 1_000);
  assert.ok(Math.abs(part((record) => record.connection === 'fresh') - 0.2) < 0.02);
  assert.ok(Math.abs(part((record) => record.method === 'POST') - 0.2) < 0.02);
  assert.ok(Math.abs(part((record) => record.isSlow) - 0.1) < 0.02);
  assert.ok(part((record) => record.connection === 'reused') > 0.5);
});

/** Those that were due while fresh and kept connections were both asked of: one may begin or end before the other. */
function whileBothRan(records: readonly RequestRecord[]): readonly RequestRecord[] {
  const isFresh = ({ connection }: RequestRecord) => connection === 'fresh';
  const dues = [records.filter(isFresh), records.filter((record) => !isFresh(record))].map((some) =>
    some.map(({ dueMs }) => dueMs).toSorted((one, other) => one - other),
  );
  const from = Math.max(...dues.map((some) => some[0] ?? 0));
  const to = Math.min(...dues.map((some) => some.at(-1) ?? 0));
  return records.filter(({ dueMs }) => dueMs >= from && dueMs <= to);
}

test('nobody listening is a failure of every request', async () => {
  const shape = { keptPerSecond: 100, freshPerSecond: 100, keptConnections: 5, postPart: 0, slowPart: 0 };
  const load = new RunningLoad({ port: 1, hostName: 'bench.test', timeoutMs: 5_000, ...shape });
  await sleep(1_000);
  const records = await load.stop();
  assert.ok(records.length > 0);
  assert.equal(countOf(records, 'ECONNREFUSED'), records.length);
});

test('latency counts from when a request was due, and slow requests stay out of it', () => {
  const record = (more: Partial<RequestRecord>): RequestRecord => ({
    ...{ dueMs: 0, sentMs: 5, doneMs: 10, connection: 'reused', method: 'GET', isSlow: false },
    ...{ version: 'v1', receivedMs: null, failure: null },
    ...more,
  });
  const records = [
    record({}),
    record({ dueMs: 20, sentMs: 20, doneMs: 50, version: 'v2' }),
    record({ dueMs: 30, sentMs: 30, doneMs: 300, isSlow: true, version: 'v1' }),
    record({ dueMs: 40, sentMs: 40, doneMs: 1_000, failure: 'timeout', version: null, method: 'POST' }),
  ];
  const { p50Ms, p99Ms, maxMs, sentLateMs, failed } = reportOf(records);
  assert.deepEqual([p50Ms, p99Ms, maxMs, sentLateMs, failed], [10, 30, 30, 5, 1]);
  assert.deepEqual(failuresOf(records), { 'timeout reused POST': 1 });
  assert.equal(lastOfOthersMs(records, 'v2'), 30);
});

function countOf(records: readonly RequestRecord[], failure: string): number {
  return records.filter((record) => record.failure === failure).length;
}
