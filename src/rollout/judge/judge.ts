import type { RevisionId, ServiceName, UnixMs } from '../../core/ids.ts';
import { explain } from './explain.ts';
import type { Traffic } from './explain.ts';
import { withPoint } from './evidence-history.ts';
import { excessFailures, excessSince } from './excess-failures.ts';
import type { ExcessByEpoch } from './excess.ts';
import { intervalsSince } from './intervals.ts';
import type { Interval, SeenTotals } from './intervals.ts';
import type { JudgedService, JudgeRules } from './judge-rules.ts';
import type { EvidencePoint, Finding, JudgeInput, Judgement } from './judgement.ts';
import { LimitWatch } from './limit-watch.ts';
import type { LimitState } from './limit-watch.ts';
import { MetricTest } from './metric-test.ts';
import type { MetricTestState, ServiceInterval } from './metric-test.ts';
import { plannedTests } from './planned-tests.ts';
import { paceAfter, perSecond } from './request-pace.ts';
import type { Pace } from './request-pace.ts';
import { noSignals, takeReadings } from './signal-streaks.ts';
import type { SignalState } from './signal-streaks.ts';
import { unansweredServices, unansweredSince } from './unanswered.ts';
import type { Unanswered } from './unanswered.ts';

/** All that a judge knows, as plain data that survives JSON. */
export interface JudgeState {
  readonly at: UnixMs;
  readonly seen: SeenTotals;
  readonly tests: readonly MetricTestState[];
  readonly limits: readonly LimitState[];
  readonly signals: SignalState;
  readonly probes: JudgeInput['probes'];
  readonly excess: ExcessByEpoch;
  readonly unanswered: ExcessByEpoch;
  readonly paces: Readonly<Record<ServiceName, Pace>>;
  readonly points: readonly EvidencePoint[];
}

const noProbes = { asked: 0, failed: 0 };
/** A service with less than this part of the busiest one's requests could not be found healthy in a reasonable time. */
const quietShare = 0.1;

/**
 * Decides from live counts whether a new revision is harmful, healthy, or not to be told yet. It has no clock: it may be
 * asked after every request or once a minute, and its error holds at every look and for any length of time, for all
 * services and metrics together.
 */
export class Judge {
  readonly #rules: JudgeRules;
  readonly #tests: readonly MetricTest[];
  readonly #limits: LimitWatch;
  #state: Omit<JudgeState, 'tests' | 'limits'>;

  /** Errors: a state that was made under other rules. */
  constructor(rules: JudgeRules, state: JudgeState | null = null) {
    const planned = plannedTests(rules);
    if (state !== null && state.tests.length !== planned.length)
      throw new Error('the state of this judge belongs to other rules');
    this.#rules = rules;
    this.#tests = planned.map((plan, index) => new MetricTest(plan, state?.tests[index] ?? null));
    this.#limits = new LimitWatch(rules, state?.limits ?? null);
    const { tests: _tests, limits: _limits, ...rest } = state ?? { ...begun, tests: [], limits: [] };
    this.#state = rest;
  }

  get state(): JudgeState {
    return { ...this.#state, tests: this.#tests.map((test) => test.state), limits: this.#limits.state };
  }

  /** How the evidence grew, a bounded number of points over any length. */
  get points(): readonly EvidencePoint[] {
    return this.#state.points;
  }

  /** Takes everything as it is now, and judges. What was seen at an earlier look is not counted again. */
  look(input: JudgeInput): Judgement {
    const { at } = input;
    const { intervals, seen } = intervalsSince(this.#state.seen, epochsOf(input));
    const paces: Record<ServiceName, Pace> = {};
    for (const service of this.#rules.services) {
      const before = this.#newRequests(service.service);
      for (const interval of intervals) this.#take(service, interval);
      const requests = this.#newRequests(service.service) - before;
      paces[service.service] = paceAfter(this.#state.paces[service.service] ?? null, at, requests);
    }
    const probes = this.#takeProbes(input.probes);
    const signals = takeReadings(this.#state.signals, input.signals, this.#rules);
    const excess = excessSince(this.#state.excess, epochsOf(input), this.#rules);
    const unanswered = unansweredSince(this.#state.unanswered, epochsOf(input), this.#rules);
    this.#state = { ...this.#state, at, seen, paces, probes, signals, excess, unanswered };
    const judgement = this.now;
    this.#state = { ...this.#state, points: withPoint(this.#state.points, pointOf(judgement, this.#unanswered)) };
    return judgement;
  }

  /** The judgement of the last look. */
  get now(): Judgement {
    const findings = this.#findings;
    const traffic = trafficOf(findings);
    const unanswered = this.#unanswered;
    const paces = Object.entries(this.#state.paces).map(([service, pace]) => [service, perSecond(pace)] as const);
    const judgement = {
      at: this.#state.at,
      verdict: verdictOf(findings, traffic, unanswered),
      findings,
      broken: [...this.#limits.broken, ...Object.values(this.#state.signals.broken)],
      exposure: { spent: excessFailures(this.#state.excess, this.#rules), budget: this.#rules.exposureBudget },
    };
    const perSecondOf = Object.fromEntries(paces);
    const sentence = explain({ ...judgement, unanswered, perSecond: perSecondOf }, traffic, this.#rules);
    return { ...judgement, sentence };
  }

  get #findings(): readonly Finding[] {
    return this.#tests.map((test) => test.finding);
  }

  get #unanswered(): readonly Unanswered[] {
    return unansweredServices(this.#state.unanswered, this.#rules);
  }

  #newRequests(service: ServiceName): number {
    const test = this.#tests.find(({ plan }) => plan.service === service && plan.metric === 'failures');
    return test?.counted.new.requests ?? 0;
  }

  #take({ service, isSticky, timedUpToPermille }: JudgedService, interval: Interval): void {
    const { newRevision, oldRevision } = this.#rules;
    const isJudged = (counted: { readonly service: string; readonly revision: string }) =>
      counted.service === service && (counted.revision === newRevision || counted.revision === oldRevision);
    const rows = interval.rows.filter((row) => isJudged(row) && row.bucket >= 0 === isSticky);
    const own: ServiceInterval = {
      epoch: interval.epoch,
      rows,
      durations: interval.durations.filter(isJudged),
      newRevision,
      isTimed: shareOf(newRevision, interval) <= timedUpToPermille,
      isWarm: rows.every(({ requests, timed }) => timed === requests),
    };
    for (const test of this.#tests) if (test.plan.service === service) test.take(own);
    this.#limits.take(service, own);
  }

  /** Returns what has been taken so far: a run waits for one of the other side. */
  #takeProbes(probes: JudgeInput['probes']): JudgeInput['probes'] {
    const { probes: taken } = this.#state;
    const since = (side: 'new' | 'old') => ({
      requests: probes[side].asked - taken[side].asked,
      events: probes[side].failed - taken[side].failed,
    });
    const counted = { new: since('new'), old: since('old') };
    if (counted.new.requests <= 0 || counted.old.requests <= 0) return taken;
    for (const test of this.#tests) if (test.plan.metric === 'probes') test.takeCounts(counted);
    return probes;
  }
}

const begun: Omit<JudgeState, 'tests' | 'limits'> = {
  at: 0,
  seen: {},
  signals: noSignals,
  probes: { new: noProbes, old: noProbes },
  excess: {},
  unanswered: {},
  paces: {},
  points: [],
};

/** What was counted while a person's override was in force says nothing about the shares of any document. */
function epochsOf({ epochs }: JudgeInput): JudgeInput['epochs'] {
  return epochs.filter(({ epoch }) => epoch >= 0);
}

/** In thousandths; where the shares are not known, as if it had none. */
function shareOf(revision: RevisionId, { shares }: Interval): number {
  return shares.find((share) => share.revision === revision)?.permille ?? 0;
}

/**
 * A release is found healthy by the failures of its services. One that hardly anybody asks could not be found healthy
 * before the rollout's time is over, and one that nobody asks never: such services only must not be harmful.
 */
function trafficOf(findings: readonly Finding[]): Traffic {
  const failures = findings.filter(({ metric }) => metric === 'failures');
  // By the old release, whose requests do not depend on how well the new one does.
  const side = failures.some(({ counted }) => counted.old.requests > 0) ? 'old' : 'new';
  const busiest = Math.max(0, ...failures.map(({ counted }) => counted[side].requests));
  const isNeeded = ({ counted }: Finding) => busiest > 0 && counted[side].requests >= quietShare * busiest;
  return { needed: failures.filter(isNeeded), quiet: failures.filter((finding) => !isNeeded(finding)) };
}

/** Health is what requests have shown that had an answer: it waits while too many have none. */
function verdictOf(
  findings: readonly Finding[],
  { needed }: Traffic,
  unanswered: readonly Unanswered[],
): Judgement['verdict'] {
  if (findings.some(({ verdict }) => verdict === 'harmful')) return 'harmful';
  if (unanswered.length > 0) return 'undecided';
  return needed.length > 0 && needed.every(({ verdict }) => verdict === 'healthy') ? 'healthy' : 'undecided';
}

/** Health goes as far as the service that has come least far, and nowhere while requests have no answer. */
function pointOf({ at, findings }: Judgement, unanswered: readonly Unanswered[]): EvidencePoint {
  const harm = Math.max(0, ...findings.map((finding) => finding.harm.log / finding.harm.threshold));
  const { needed } = trafficOf(findings);
  const health = Math.max(0, Math.min(...needed.map((finding) => finding.health.log / finding.health.threshold)));
  return { at, harm: rounded(harm), health: needed.length === 0 || unanswered.length > 0 ? 0 : rounded(health) };
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
