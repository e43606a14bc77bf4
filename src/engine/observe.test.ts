import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { TargetSlot } from '../ports/targets/targets.ts';
import { slot } from '../rollout/fixtures/example-rollout.ts';
import { recordedPlane } from './fixtures/recorded-plane.ts';
import { observe } from './observe.ts';

const scope = { app: 'shop', environment: 'production' };
const job = { key: 'shop/production/2/verify', state: 'running', exitCode: null, signal: null, logTail: [] } as const;
const at = (host: string, port: number) => ({ host, port });
const elsewhere = { fixedPort: null, pid: null, startedAt: null, memoryBytes: null, writesBesideCode: [] };
const addresses = [at('10.0.0.1', 3_000), at('10.0.0.2', 3_000), at('10.0.0.1', 3_001), null];
const slots: readonly TargetSlot[] = addresses.map((address, number) => {
  return { ...slot(1, 'web', { slot: number }), ...elsewhere, address };
});

async function look(open: boolean) {
  const { parts, voyage } = recordedPlane();
  const status = await parts.traffic.status();
  const served = [
    { address: at('10.0.0.2', 3_000), activeRequests: 7 },
    { address: at('10.0.0.1', 3_001), activeRequests: 5 },
  ].map((each) => ({ ...each, upgradedConnections: 0, ejected: false, problem: null }));
  const seen = await observe(
    {
      ...parts,
      traffic: { ...parts.traffic, status: async () => ({ ...status, addresses: served }) },
      target: { ...parts.target, observeJob: async (key) => (key === job.key ? job : null) },
    },
    { kind: 'observation', jobs: ['unknown', job.key], answers: [], open, judged: false },
    { scope, slots: async () => slots, judgement: null, signal: new AbortController().signal },
  );
  await voyage.close();
  return seen;
}

it('what the proxy has open at an instance is what it has at that address; at none there is nothing', async () => {
  const { slots: seen } = await look(true);
  assert.deepEqual(
    seen.map((each) => each.open),
    [0, 7, 5, 0],
  );
  assert.equal('address' in (seen[0] ?? {}), false);
});

it('where nobody asks what is open it is not known', async () => {
  const { slots: seen, jobs } = await look(false);
  assert.deepEqual(new Set(seen.map((each) => each.open)), new Set([null]));
  assert.deepEqual(jobs, [job], 'a job that the target does not know is left out');
});
