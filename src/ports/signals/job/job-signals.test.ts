import { setTimeout as sleep } from 'node:timers/promises';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startProcessTargetTest } from '../../../../test/harness/process-target-setup.ts';
import { signalsContract } from '../signals.contract.ts';
import type { SignalJob } from '../signals.ts';
import { askJob, type JobSignalOptions } from './job-signals.ts';

async function startTarget() {
  const setup = await startProcessTargetTest();
  const target = await setup.open();
  const options: JobSignalOptions = {
    target,
    sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
    lookMs: 20,
  };
  let number = 0;
  const job = (code: string, withinMs = 5_000): SignalJob => ({
    ...{ app: 'shop', environment: 'production', revision: 'production-2', artifact: setup.artifact, root: '.' },
    target: 'process',
    key: `shop/production/signal/${number++}`,
    argv: ['node', '-e', code],
    variables: { LOTSE_SIGNAL_RELEASE: 'r2' },
    storeFolders: [],
    withinMs,
  });
  const stop = async () => {
    await target.close();
    await setup.dispose();
  };
  return { target, options, job, stop };
}

signalsContract('a job', async () => {
  const { options, job, stop } = await startTarget();
  const question = (code: string, withinMs?: number) => ({ kind: 'job', job: job(code, withinMs) }) as const;
  return {
    signals: {
      read: async (asked, signal) => {
        assert.equal(asked.kind, 'job');
        return await askJob(asked.job, options, signal);
      },
    },
    asks: (value) => question(`console.log('looking'); console.log(${value})`),
    asksForNothing: () => question(''),
    fails: { question: () => question('console.log("no such table"); process.exit(3)'), reason: /3: no such table/ },
    hangs: () => question('setInterval(() => undefined, 1_000)', 500),
    [Symbol.asyncDispose]: stop,
  };
});

test('a job is told which release it is asked about, its last line counts, and words are no number', async (t) => {
  const { options, job, stop } = await startTarget();
  t.after(stop);
  const ask = async (code: string) => await askJob(job(code), options, AbortSignal.timeout(60_000));
  assert.equal(await ask('console.log(9); console.log(process.env.LOTSE_SIGNAL_RELEASE.length); console.log("")'), 2);
  assert.equal(await ask('console.log("NaN")'), null);
  await assert.rejects(ask('console.log("7 requests")'), /no number: 7 requests/);
});

test('a job that nobody waits for any more is ended', async (t) => {
  const { target, options, job, stop } = await startTarget();
  t.after(stop);
  const hanging = job('setInterval(() => undefined, 1_000)', 60_000);
  await assert.rejects(askJob(hanging, options, AbortSignal.timeout(300)));
  for (;;) {
    const seen = await target.observeJob(hanging.key);
    if (seen?.state === 'failed') break;
    assert.equal(seen?.state, 'running');
    await sleep(20);
  }
});
