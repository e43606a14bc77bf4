import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EpochCounters } from '../../core/routing-document.ts';
import { compilePlan } from '../../rollout/compile-plan.ts';
import type { PlanInput } from '../../rollout/plan-input.ts';
import type { Revision } from '../../rollout/release.ts';
import { findEnvironment } from '../../manifest/effective-service.ts';
import { parseManifest } from '../../manifest/parse-manifest.ts';
import { plannedCanary, shareOfStep } from './judged-view.ts';
import { planJudging, type Situation } from './judging.ts';
import { limitSteps } from './limit-steps.ts';
import { servicesIn } from './release-manifest.ts';

const scope = { app: 'shop', environment: 'production' };

function read(strategy: string, services: string) {
  const text = `app: shop\nservices: ${services}\nenvironments: { production: { strategy: ${strategy} } }\n`;
  const manifest = parseManifest(text, { file: 'lotse.yaml', hasDockerfile: false });
  return { manifest, definition: findEnvironment(manifest, 'production') };
}

const webAndMail = '{ web: { port: 1 }, api: { port: 2, path: /api, stickiness: none }, mail: {} }';

function revision(number: number, services = webAndMail): Revision {
  const { manifest, definition } = read('blue-green', services);
  return {
    ...{
      id: `production-${number}`,
      ...scope,
      number,
      release: `r${number}-a`,
      artifact: 'sha256:00',
      target: 'process',
      plannedAt: 1,
    },
    ...{ services: servicesIn(manifest, definition), jobs: [], verification: null, stores: [] },
    ...{ secretNames: [], configVersion: 'c' },
  };
}

/** 40 requests a second to the old web service, 1 % fail; half of 200 take 70 ms, half 1.2 s. */
const busy: EpochCounters = {
  ...{ ...scope, epoch: 3, proxyStart: 'a', openedAtMs: 0, closedAtMs: null },
  counts: [
    {
      ...{ service: 'web', revision: 'production-4', bucket: 7, started: 4_000, serverError: 40 },
      ...{ ok: 3_960, clientError: 0, failed: 0, clientGone: 0, late: [] },
    },
  ],
  durations: [
    {
      service: 'web',
      revision: 'production-4',
      counts: Array.from({ length: 62 }, (_, bin) => (bin === 36 || bin === 61 ? 100 : 0)),
    },
  ],
};

function judging(strategy: string, more: Partial<Situation> = {}) {
  const [from, to] = [revision(4), revision(5)];
  const situation = { scope, from, to, counters: [busy], now: 100_000, ...more };
  return planJudging(read(strategy, webAndMail).definition.strategy, situation);
}

function planned(strategy: string, counters: readonly EpochCounters[]) {
  const { definition } = read(strategy, webAndMail);
  const { load, ...judged } = judging(strategy, { counters });
  const input: PlanInput = {
    ...{ ...scope, rollout: 'production-rollout-5', kind: 'deploy', salt: 'ab', strategy: definition.strategy.name },
    startedBy: { kind: 'person', id: 'ada' },
    before: { kind: 'revision', revision: 'production-4', release: 'r4-a' },
    ...{ from: revision(4), to: revision(5), running: { web: 1, api: 1, mail: 1 }, gates: [], partSteps: [] },
    ...{ watchMs: 60_000, cannotRunTwice: [], bootMs: 5_000, ...judged },
  };
  return { plan: compilePlan(input), load };
}

test('blue-green without holdback and limits is not judged', () => {
  assert.deepEqual(judging('blue-green'), { canary: null, holdbackPermille: 0, judge: null, load: null });
});

test('judged are the web services that both revisions have, by bucket where both know their visitors', () => {
  const services = judging('{ canary: [1%] }').judge?.services.map(({ service, isSticky }) => [service, isSticky]);
  assert.deepEqual(services, [
    ['web', true],
    ['api', false],
  ]);
  const renamed = revision(5, '{ shop: { port: 1 } }');
  assert.deepEqual(judging('{ canary: [1%] }', { to: renamed }).judge?.services, []);
});

test('the rules are those of the file', () => {
  const { judge } = judging(
    '{ canary: 30 failed requests, within: 3h, margin: 1.2, tolerance: 3, limits: { failures: 2% } }',
  );
  const { services: _, ...rules } = judge ?? { services: [] };
  assert.deepEqual(rules, {
    ...{ newRevision: 'production-5', oldRevision: 'production-4', margin: 1.2, tolerance: 3, toleratedRate: 0.005 },
    ...{ limits: [{ kind: 'failures', mostRate: 0.02 }], signals: [], exposureBudget: 30, withinMs: 10_800_000 },
  });
});

test('late is what the old revision seldom takes, and what a limit names', () => {
  const services = judging('{ canary: [1%], limits: { p99: 800ms } }').judge?.services;
  const [web, api] = services ?? [];
  assert.ok(web?.lateAfterMs.includes(800) && web.lateAfterMs.some((ms) => ms > 1_000), String(web?.lateAfterMs));
  assert.ok(api?.lateAfterMs.includes(800), 'also where nothing was counted yet');
});

test('a first release has nothing to be judged by', () => {
  assert.equal(judging('{ canary: [1%] }', { from: null }).judge, null);
});

test('a plan knows today’s load, and how long the way to full traffic is', () => {
  const { plan, load } = planned('{ canary: [1%, 5%, 25%], every: 2m }', [busy]);
  assert.deepEqual(load, { requestsPerS: 40, failureRate: 0.01 });
  const canary = plannedCanary(plan, load);
  assert.equal(canary?.requestsPerS, 40);
  assert.ok((canary?.toFullTrafficMs ?? 0) >= 6 * 60_000, 'three shares of two minutes');
  assert.equal(canary?.withinMs, 7_200_000);
  const shares = plan.steps.map((step) => shareOfStep(step, plan)).filter((share) => share !== null);
  assert.deepEqual(shares, [10, 50, 250, 950, 1000]);
});

test('durations are compared as long as no instance of the new release has more to do than one of the old', () => {
  const webTimes = (instances: number) => `{ web: { port: 1, instances: ${instances} } }`;
  const of = (before: number, after: number) => {
    const [from, to] = [revision(4, webTimes(before)), revision(5, webTimes(after))];
    return judging('{ canary: [1%] }', { from, to }).judge?.services.map((each) => each.timedUpToPermille);
  };
  assert.deepEqual([of(1, 1), of(4, 4), of(3, 1), of(1, 3)], [[500], [500], [250], [750]]);
});

test('a plan without a load does not say how long it takes', () => {
  const { plan, load } = planned('{ canary: [1%, 5%] }', []);
  assert.deepEqual([load, plannedCanary(plan, load)?.toFullTrafficMs], [null, null]);
});

test('`within` caps the steps of blue-green, and leaves those of a canary to their own deadlines', () => {
  const { plan } = planned('{ canary: [1%, 5%], every: 10m }', [busy]);
  assert.deepEqual(limitSteps(plan, 60_000), plan.steps);
  const { plan: switched } = planned('blue-green', []);
  const live = switched.steps.findIndex((step) => step.makesLive);
  const limited = limitSteps(switched, 1_000);
  assert.ok(limited.slice(0, live + 1).every((step) => step.deadlineMs <= 1_000));
  assert.deepEqual(limited.slice(live + 1), switched.steps.slice(live + 1));
});
