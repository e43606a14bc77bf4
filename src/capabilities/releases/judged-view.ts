import type { Judged } from '../../engine/engine.ts';
import type { Evidence } from '../../rollout/judge/comparison.ts';
import type { Plan, Step } from '../../rollout/plan.ts';
import type { JudgedView } from './judgement-api.ts';
import type { PlanView } from './releases-api.ts';
import type { Load } from './todays-traffic.ts';

/** Evidence beyond it says no more; JSON has no infinity. */
const utmost = 1_000_000;
/** As many as a chart can show. */
const mostPoints = 300;

/** What the judge thinks, as people see it. */
export function judgedView({ judgement, points }: Judged): JudgedView {
  const { at, verdict, sentence, findings, broken, exposure } = judgement;
  return {
    ...{ at, verdict, sentence, exposure: { ...exposure }, broken: [...broken] },
    findings: findings.map(({ service, metric, thresholdMs, counted, ...finding }) => ({
      ...{ service, metric, thresholdMs, counted, verdict: finding.verdict },
      harm: finite(finding.harm),
      health: finite(finding.health),
    })),
    points: thinned(points).map((point) => ({ at: point.at, harm: within(point.harm), health: within(point.health) })),
  };
}

function finite({ log, threshold }: Evidence): Evidence {
  return { log: within(log), threshold: within(threshold) };
}

function within(value: number): number {
  return Number.isNaN(value) ? 0 : Math.max(-utmost, Math.min(utmost, value));
}

/** Evenly spread, with the first and the last one. */
function thinned<T>(points: readonly T[]): readonly T[] {
  if (points.length <= mostPoints) return points;
  const stride = (points.length - 1) / (mostPoints - 1);
  return Array.from({ length: mostPoints }, (_, index) => points[Math.round(index * stride)]).filter(
    (point) => point !== undefined,
  );
}

/** The share of users that the step gives to the new release; null: it leaves it as it is. */
export function shareOfStep(step: Step, plan: Plan): number | null {
  const share = shareOrdered(step, plan);
  const before = plan.steps.slice(0, plan.steps.indexOf(step)).findLast((each) => shareOrdered(each, plan) !== null);
  return before !== undefined && shareOrdered(before, plan) === share ? null : share;
}

function shareOrdered({ effects }: Step, { to }: Plan): number | null {
  const route = effects.findLast((effect) => effect.kind === 'route');
  if (route?.level.kind !== 'shares') return null;
  return route.level.shares.find((share) => share.revision === to.revision)?.permille ?? 0;
}

/** Null for what is no canary. */
export function plannedCanary({ strategy, steps, judge }: Plan, load: Load | null): PlanView['canary'] {
  if (strategy !== 'canary' || judge === null) return null;
  const live = steps.findIndex((step) => step.makesLive);
  const expectedMs = steps.slice(0, live + 1).reduce((sum, step) => sum + step.expectedMs, 0);
  return {
    requestsPerS: load?.requestsPerS ?? null,
    toFullTrafficMs: load === null ? null : expectedMs,
    budget: judge.exposureBudget,
    withinMs: judge.withinMs,
  };
}
