import type { Scope, ServiceName, UnixMs } from '../../core/ids.ts';
import type { EpochCounters } from '../../core/routing-document.ts';
import type { StrategyDefinition } from '../../manifest/app-manifest.ts';
import { planShares } from '../../rollout/judge/exposure.ts';
import type { JudgeRules } from '../../rollout/judge/judge-rules.ts';
import { chooseThresholds } from '../../rollout/judge/thresholds.ts';
import type { PlanInput } from '../../rollout/plan-input.ts';
import { webServices, type Revision } from '../../rollout/release.ts';
import { todaysTraffic, type CountedService, type Load, type TodaysTraffic } from './todays-traffic.ts';

/** A failure rate that is tolerated whatever the old one was: half a point. */
const toleratedRate = 0.005;

/** How a rollout is judged, and what it was planned by. */
export interface Judging extends Pick<PlanInput, 'canary' | 'holdbackPermille' | 'judge'> {
  /** What users do now; null when nothing is known of it. */
  readonly load: Load | null;
}

export const unjudged: Judging = { canary: null, holdbackPermille: 0, judge: null, load: null };

/** What a strategy finds when a rollout is planned. */
export interface Situation {
  readonly scope: Scope;
  /** The revision that serves; null: none of Lotse's does. */
  readonly from: Revision | null;
  readonly to: Revision;
  /** What the proxy has counted lately. */
  readonly counters: readonly EpochCounters[];
  readonly now: UnixMs;
}

/** Has the strategy anything that is judged? Otherwise nobody need ask what the proxy has counted. */
export function isJudged({ canary, holdbackPermille, limits }: StrategyDefinition): boolean {
  return canary !== null || holdbackPermille > 0 || limits.length > 0;
}

/** How a strategy judges one revision beside another, at today's load. */
export function planJudging(strategy: StrategyDefinition, situation: Situation): Judging {
  if (!isJudged(strategy)) return unjudged;
  const { scope, from, to, counters, now } = situation;
  const services = from === null ? [] : countedServices(from, to);
  const traffic = todaysTraffic(counters, { scope, revision: (from ?? to).id, services, now });
  const { canary, everyMs, holdbackPermille } = strategy;
  const shares = canary?.kind === 'shares' ? canary.permille : null;
  const budget = canary?.kind === 'budget' ? canary.failures : null;
  return {
    canary: canary === null ? null : { shares: planShares({ shares, budget, everyMs }, traffic.load) },
    holdbackPermille,
    judge: from === null ? null : judgeRules(strategy, { from, to, services, traffic }),
    load: traffic.load,
  };
}

/** Web services that both revisions have: only their users can be compared. */
function countedServices(from: Revision, to: Revision): readonly CountedService[] {
  const old = new Map(webServices(from).map((each) => [each.service, each]));
  return webServices(to).flatMap(({ service, stickiness }) => {
    const before = old.get(service);
    if (before === undefined) return [];
    return [{ service, isSticky: stickiness.kind !== 'none' && before.stickiness.kind !== 'none' }];
  });
}

interface Sides {
  readonly from: Revision;
  readonly to: Revision;
  readonly services: readonly CountedService[];
  readonly traffic: TodaysTraffic;
}

function judgeRules(strategy: StrategyDefinition, { from, to, services, traffic }: Sides): JudgeRules {
  const { canary, margin, tolerance, limits, signals, withinMs } = strategy;
  return {
    newRevision: to.id,
    oldRevision: from.id,
    services: services.map(({ service, isSticky }) => ({
      service,
      isSticky,
      lateAfterMs: chooseThresholds(traffic.durationsOf(service), limits),
      timedUpToPermille: equallyBusyPermille(instancesOf(from, service), instancesOf(to, service)),
    })),
    margin,
    tolerance,
    toleratedRate,
    limits,
    signals: signals.map(({ signal, better }) => ({ signal, better })),
    exposureBudget: canary?.kind === 'budget' ? canary.failures : null,
    withinMs,
  };
}

/** The share at which an instance of the new revision has as much to do as one of the old, in thousandths. */
function equallyBusyPermille(oldInstances: number, newInstances: number): number {
  return Math.floor((1000 * newInstances) / (oldInstances + newInstances));
}

function instancesOf({ services }: Revision, name: ServiceName): number {
  return services.find(({ service }) => service === name)?.instances ?? 1;
}
