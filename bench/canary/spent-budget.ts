import type { EpochCounters } from '../../src/core/routing-document.ts';
import { excessFailures, excessSince } from '../../src/rollout/judge/excess-failures.ts';
import type { ExcessByEpoch } from '../../src/rollout/judge/excess.ts';
import type { JudgeRules } from '../../src/rollout/judge/judge-rules.ts';
import { usual } from './bounds.ts';
import type { Chance } from './chance.ts';
import { shippedRules } from './shipped-judge.ts';
import { bucketRates } from './visitors.ts';
import type { Crowd } from './visitors.ts';

const minutes = 60;
const budget = 30;
const rules: JudgeRules = { ...shippedRules(true), exposureBudget: budget };

/** Minutes until a release that is just as good has spent a budget of 30 failed requests; null: not within an hour. */
export function spentBudget(chance: Chance, crowd: Crowd, permille: number): number | null {
  const { requests, failures } = bucketRates(crowd, usual.baseline, chance);
  const totals = Array.from(requests, () => ({ ok: 0, serverError: 0 }));
  let excess: ExcessByEpoch = {};
  for (let minute = 1; minute <= minutes; minute++) {
    for (const [bucket, total] of totals.entries()) {
      const failing = failures[bucket] ?? 0;
      total.serverError += chance.poisson(failing * 60);
      total.ok += chance.poisson(((requests[bucket] ?? 0) - failing) * 60);
    }
    excess = excessSince(excess, [epochOf(totals, permille)], rules);
    if (excessFailures(excess, rules) >= budget) return minute;
  }
  return null;
}

function epochOf(
  totals: readonly { readonly ok: number; readonly serverError: number }[],
  permille: number,
): EpochCounters {
  const counts = totals.map(({ ok, serverError }, bucket) => {
    const name = { service: 'web', revision: bucket < permille ? 'production-2' : 'production-1', bucket };
    return { ...name, started: ok + serverError, ok, serverError, clientError: 0, failed: 0, clientGone: 0, late: [] };
  });
  const name = { app: 'shop', environment: 'production', epoch: 1, proxyStart: 'one' };
  return { ...name, openedAtMs: 0, closedAtMs: null, counts, durations: [] };
}
