import type { ServiceName } from '../../core/ids.ts';
import type { ComparisonRules } from './comparison.ts';
import { errorShares } from './error-budget.ts';
import type { JudgedService, JudgeRules } from './judge-rules.ts';
import type { Metric } from './judgement.ts';

/** One comparison of new against old, with its part of the error budget. */
export interface PlannedTest extends ComparisonRules {
  /** Null: the app as a whole. */
  readonly service: ServiceName | null;
  readonly metric: Metric;
  /** Of `late`: the threshold and its number among the service's `lateAfterMs`; else null. */
  readonly threshold: { readonly ms: number; readonly index: number } | null;
}

/**
 * Everything that is tested in a rollout; fixed before its first look, because the error is divided over it. The parts
 * sum to 1 as soon as there is a service.
 */
export function plannedTests(rules: JudgeRules): readonly PlannedTest[] {
  const { services } = rules;
  const timed = services.filter((service) => service.lateAfterMs.length > 0);
  const failures = errorShares.failures + (timed.length === 0 ? errorShares.latency : 0);
  return [
    ...services.map((service) => failureTest(rules, service, failures / services.length)),
    ...timed.flatMap((service) => latencyTests(rules, service, errorShares.latency / timed.length)),
    probeTest(rules),
  ];
}

/** Failures are what a release is found healthy by; everything else only must not be harmful. */
function failureTest(rules: JudgeRules, { service, isSticky }: JudgedService, part: number): PlannedTest {
  const kind = isSticky ? 'buckets' : 'requests';
  return {
    service,
    metric: 'failures',
    threshold: null,
    kind,
    margin: rules.margin,
    part,
    isFrequent: false,
    isClumped: false,
    health: rules,
  };
}

/**
 * Sticky: the first late request of a bucket, for each threshold. Else the rank of every request, and the last
 * threshold beside it, because a request that hangs never has a rank.
 */
function latencyTests(rules: JudgeRules, service: JudgedService, part: number): readonly PlannedTest[] {
  const { isSticky, lateAfterMs } = service;
  const late = lateAfterMs.map((ms, index): PlannedTest => {
    const kind = isSticky ? 'buckets' : 'requests';
    const own = isSticky ? part / lateAfterMs.length : part / 2;
    const test = { service: service.service, metric: 'late', threshold: { ms, index } } as const;
    return {
      ...test,
      kind,
      margin: lateMargin(rules.margin),
      part: own,
      isFrequent: true,
      isClumped: !isSticky,
      health: null,
    };
  });
  if (isSticky) return late;
  const ranks = { service: service.service, metric: 'durations', threshold: null, kind: 'durations' } as const;
  return [
    { ...ranks, margin: rules.margin, part: part / 2, isFrequent: false, isClumped: true, health: null },
    ...late.slice(-1),
  ];
}

function probeTest(rules: JudgeRules): PlannedTest {
  const test = { service: null, metric: 'probes', threshold: null, kind: 'requests' } as const;
  return { ...test, margin: rules.margin, part: errorShares.probes, isFrequent: false, isClumped: false, health: null };
}

/**
 * What takes `margin` times as long is late more than `margin` times as often: in the tail of log-normal durations
 * (σ 0.8) about the third power of it at p90 and p99.
 */
function lateMargin(margin: number): number {
  return margin ** 3;
}
