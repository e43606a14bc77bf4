import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { TargetSlot } from '../ports/targets/targets.ts';
import type { LiveQuestion } from '../ports/traffic/traffic.ts';
import { judgement, slot } from '../rollout/fixtures/example-rollout.ts';
import { recordedPlane } from './fixtures/recorded-plane.ts';
import { observe, unaddressed } from './observe.ts';

const scope = { app: 'shop', environment: 'production' };
const job = { key: 'shop/production/2/verify', state: 'running', exitCode: null, signal: null, logTail: [] } as const;
const at = (host: string, port: number, server?: string) => ({
  host,
  port,
  ...(server === undefined ? {} : { server }),
});
const elsewhere = { fixedPort: null, pid: null, startedAt: null, memoryBytes: null, writesBesideCode: [] };
const addresses = [
  ...[at('10.0.0.1', 3_000), at('10.0.0.2', 3_000), at('10.0.0.1', 3_001), null],
  at('10.0.0.3', 3_000, 'two'),
];
const slots: readonly TargetSlot[] = addresses.map((address, number) => {
  return { ...slot(1, 'web', { slot: number }), ...elsewhere, address };
});

const thought = judgement('healthy');
const asked: LiveQuestion[] = [];

async function look(open: boolean, revisions: readonly string[] = []) {
  const { parts, voyage } = recordedPlane();
  const status = await parts.traffic.status();
  const served = [
    { address: at('10.0.0.2', 3_000), activeRequests: 7 },
    { address: at('10.0.0.1', 3_001), activeRequests: 5 },
    { address: at('10.0.0.3', 3_000, 'one'), activeRequests: 4 },
    { address: at('10.0.0.3', 3_000, 'two'), activeRequests: 3 },
  ].map((each) => ({ ...each, upgradedConnections: 0, ejected: false, problem: null }));
  const seen = await observe(
    {
      ...parts,
      traffic: {
        ...parts.traffic,
        status: async () => ({ ...status, addresses: served }),
        prove: async (question) => {
          asked.push(question);
          return { revision: question.revision, inARow: question.times, problem: null };
        },
      },
      target: { ...parts.target, observeJob: async (key) => (key === job.key ? job : null) },
    },
    {
      ...{ kind: 'observation', jobs: ['unknown', job.key], open, judged: false },
      answers: revisions.map((revision) => ({ revision, times: 3 })),
    },
    { scope, slots: async () => slots, judgement: thought, signal: new AbortController().signal },
  );
  await voyage.close();
  return seen;
}

it('what the proxy has open at an instance is what it has at that address; at none there is nothing', async () => {
  const { slots: seen } = await look(true);
  assert.deepEqual(
    seen.map((each) => each.open),
    [0, 7, 5, 0, 3],
  );
  assert.equal('address' in (seen[0] ?? {}), false);
});

it('where nobody asks what is open it is not known', async () => {
  const { slots: seen, jobs } = await look(false);
  assert.deepEqual(new Set(seen.map((each) => each.open)), new Set([null]));
  assert.deepEqual(jobs, [job], 'a job that the target does not know is left out');
});

it('what the public route answers is asked of a visitor whom the newest share has first', async () => {
  assert.deepEqual((await look(false)).answers, []);
  const { answers, judgement: judged } = await look(false, ['production-2', 'production-1']);
  assert.deepEqual(answers, [
    { revision: 'production-2', inARow: 3, problem: null },
    { revision: 'production-1', inARow: 3, problem: null },
  ]);
  assert.deepEqual(asked, [
    { ...scope, revision: 'production-2', times: 3, bucket: 0 },
    { ...scope, revision: 'production-1', times: 3, bucket: 0 },
  ]);
  assert.equal(judged, thought);
});

it('an instance that the proxy was not asked about is all that the target says of it, but for its address', () => {
  const seen = slot(1, 'web', { slot: 3, note: 'it has no memory left' });
  const { open: _, ...known } = seen;
  const address = at('10.0.0.1', 3_000);
  assert.deepEqual(unaddressed({ ...known, ...elsewhere, address }), { ...seen, ...elsewhere, open: null });
});
