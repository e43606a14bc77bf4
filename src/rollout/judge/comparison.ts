import type { UnixMs } from '../../core/ids.ts';
import { bucketCount } from '../../core/routing-document.ts';
import { harmfulError, healthyError, shareOfGeneration } from './error-budget.ts';
import { FirstEvents } from './first-events.ts';
import type { BucketEvents } from './first-events.ts';
import { harmGrid, harmWeights, logMean } from './grids.ts';
import { HealthBet } from './health-bet.ts';
import type { HealthBetState, HealthRules } from './health-bet.ts';
import { logRatios } from './odds-evidence.ts';
import type { TwoArms } from './odds-evidence.ts';
import { rankRatios, rankWeights } from './rank-evidence.ts';
import { SpreadBet } from './spread-bet.ts';
import type { SpreadBetState } from './spread-bet.ts';

/** What one metric of one service did between two looks, all of it under the same shares. */
export type MetricInterval =
  /** Sticky visitors: the unit is the bucket. */
  | { readonly kind: 'buckets'; readonly epoch: EpochOrder; readonly rows: readonly BucketEvents[] }
  /** No stickiness: the unit is the request. */
  | { readonly kind: 'requests'; readonly counts: TwoArms }
  /** How long finished requests took, by bin. The unit is the request. */
  | { readonly kind: 'durations'; readonly fresh: readonly number[]; readonly old: readonly number[] };

/** Which of two epochs came later: by number, and of one number by when it was opened. */
export type EpochOrder = readonly [epoch: number, openedAtMs: UnixMs];

export interface ComparisonRules {
  /** What its intervals are. */
  readonly kind: MetricInterval['kind'];
  /** The new revision is harmful when its odds of the event (its durations) are more than this times the old one's. */
  readonly margin: number;
  /** This comparison's part of the rollout's error budget, 0 … 1. */
  readonly part: number;
  /**
   * Does a test by bucket begin afresh with each epoch too? Where the event is frequent most buckets have had it before
   * shares change, and nobody is left at risk who could tell of the new ones.
   */
  readonly isFrequent: boolean;
  /**
   * By request: do events come in clumps? One pause of an instance meets everyone who waits then, so what one look shows
   * may have a single cause that has nothing to do with the release.
   */
  readonly isClumped: boolean;
  /** Null: only harm is judged. */
  readonly health: HealthRules | null;
}

/** How far one kind of evidence has come. Both are natural logarithms; reached at `log >= threshold`. */
export interface Evidence {
  readonly log: number;
  readonly threshold: number;
}

export type Verdict = 'harmful' | 'healthy' | 'undecided';

export interface Comparing {
  readonly verdict: Verdict;
  readonly harm: Evidence;
  readonly health: Evidence;
}

export interface ComparisonState {
  readonly newRequests: number;
  /** The newest epoch that was seen by bucket. */
  readonly epoch: EpochOrder | null;
  /** By bucket: who is at risk, and the wealth of each alternative. Else one bet. */
  readonly generations: readonly { readonly risk: string; readonly logs: readonly number[] }[];
  readonly bet: SpreadBetState | null;
  readonly health: HealthBetState | null;
  readonly verdict: Verdict;
}

/** One test of harm by bucket: from the start, or begun afresh later. */
interface Generation {
  readonly risk: FirstEvents;
  readonly logs: number[];
  readonly threshold: number;
}

/** A test by bucket begins afresh when the new revision has had so many requests, and at each doubling. */
export const firstFreshStart = 1_500;
/**
 * Where events are clumped, the most that one look may tell, as a logarithm: eight to one, so harm takes several looks.
 * What is cut off evidence leaves it evidence: its mean only becomes smaller.
 */
const mostOfClump = Math.log(8);
/** A proxy that comes and goes begins many epochs: after so many tests only requests count. */
const mostFreshStarts = 12;

/** Compares one metric of one service between the new and the old revision, look by look. What was reached stays so. */
export class Comparison {
  readonly #rules: ComparisonRules;
  readonly #alternatives: readonly number[];
  readonly #health: HealthBet | null;
  readonly #bet: SpreadBet;
  readonly #generations: Generation[];
  #newRequests: number;
  #epoch: EpochOrder | null;
  #verdict: Verdict;

  constructor(rules: ComparisonRules, state: ComparisonState | null = null) {
    this.#rules = rules;
    this.#alternatives = harmGrid.map((times) => times * rules.margin);
    this.#health = rules.health === null ? null : new HealthBet(rules.health, state?.health ?? null);
    this.#newRequests = state?.newRequests ?? 0;
    this.#epoch = state?.epoch ?? null;
    this.#verdict = state?.verdict ?? 'undecided';
    this.#bet = new SpreadBet(rules.kind === 'durations' ? rankWeights : harmWeights, state?.bet ?? null);
    this.#generations = (state?.generations ?? []).map(({ risk, logs }, number) => ({
      risk: FirstEvents.from(risk),
      logs: [...logs],
      threshold: this.#thresholdOf(number),
    }));
  }

  /** Plain data that survives JSON; a comparison made from it goes on as this one would. */
  get state(): ComparisonState {
    return {
      newRequests: this.#newRequests,
      epoch: this.#epoch,
      generations: this.#generations.map(({ risk, logs }) => ({ risk: risk.state, logs: [...logs] })),
      bet: this.#rules.kind === 'buckets' ? null : this.#bet.state,
      health: this.#health?.state ?? null,
      verdict: this.#verdict,
    };
  }

  get verdict(): Verdict {
    return this.#verdict;
  }

  get now(): Comparing {
    return { verdict: this.#verdict, harm: this.#harmEvidence, health: this.#healthEvidence };
  }

  /** Takes an interval of the kind that the rules name. */
  look(interval: MetricInterval): void {
    if (this.#verdict === 'harmful') return;
    if (this.#isHarmfulAfter(interval)) this.#verdict = 'harmful';
    else if (this.#verdict === 'undecided' && this.#isHealthy()) this.#verdict = 'healthy';
  }

  #isHarmfulAfter(interval: MetricInterval): boolean {
    switch (interval.kind) {
      case 'buckets':
        return this.#inEpoch(interval.epoch, interval.rows);
      case 'requests':
        return this.#byRequest(interval.counts);
      case 'durations':
        return this.#wager(rankRatios(interval.fresh, interval.old, this.#rules.margin));
    }
  }

  #byRequest(counts: TwoArms): boolean {
    this.#newRequests += counts.newUnits;
    if (this.#verdict === 'undecided') this.#health?.bet(counts, counts.newUnits);
    if (counts.newEvents + counts.oldEvents === 0) return false;
    return this.#wager(logRatios(counts, this.#rules.margin, this.#alternatives));
  }

  /** A look that told nothing is no look: nothing is staked on what follows it. */
  #wager(ratios: readonly number[]): boolean {
    if (ratios.every((ratio) => ratio === 0)) return false;
    this.#bet.bet(this.#rules.isClumped ? ratios.map((ratio) => Math.min(ratio, mostOfClump)) : ratios);
    return this.#bet.reaches(-Math.log(this.#error));
  }

  /** What still ends of an epoch before the newest belongs to arms that are no more. */
  #inEpoch(epoch: EpochOrder, rows: readonly BucketEvents[]): boolean {
    const order = this.#epoch === null ? 1 : epoch[0] - this.#epoch[0] || epoch[1] - this.#epoch[1];
    if (order < 0) return false;
    if (order > 0) {
      this.#epoch = epoch;
      for (const { risk } of this.#generations) risk.beginEpoch();
    }
    if (this.#isTimeForFreshStart(order > 0)) this.#startAfresh();
    return this.#byBucket(rows);
  }

  #isTimeForFreshStart(isNewEpoch: boolean): boolean {
    const count = this.#generations.length;
    if (isNewEpoch && this.#rules.isFrequent && count < mostFreshStarts) return true;
    return count === 0 || this.#newRequests >= firstFreshStart * 2 ** (count - 1);
  }

  #startAfresh(): void {
    const threshold = this.#thresholdOf(this.#generations.length);
    this.#generations.push({ risk: FirstEvents.of(bucketCount), logs: harmGrid.map(() => 0), threshold });
  }

  #byBucket(rows: readonly BucketEvents[]): boolean {
    let isHarmful = false;
    for (const [number, { risk, logs, threshold }] of this.#generations.entries()) {
      const seen = risk.take(rows);
      if (number === 0 && this.#verdict === 'undecided') this.#health?.bet(seen, seen.newRequests);
      if (seen.newEvents + seen.oldEvents === 0) continue;
      const ratios = logRatios(seen, this.#rules.margin, this.#alternatives);
      let highest = -Infinity;
      for (let index = 0; index < logs.length; index++) {
        const log = (logs[index] ?? 0) + (ratios[index] ?? 0);
        logs[index] = log;
        if (log > highest) highest = log;
      }
      if (highest >= threshold && logMean(logs, harmWeights) >= threshold) isHarmful = true;
    }
    for (const row of rows) if (row.isNew) this.#newRequests += row.requests;
    return isHarmful;
  }

  get #error(): number {
    return harmfulError * this.#rules.part;
  }

  #thresholdOf(generation: number): number {
    return -Math.log(this.#error * shareOfGeneration(generation));
  }

  #isHealthy(): boolean {
    return this.#health?.reaches(-Math.log(healthyError)) ?? false;
  }

  get #healthEvidence(): Evidence {
    return { log: this.#health?.logEvidence ?? 0, threshold: -Math.log(healthyError) };
  }

  /** Of the test that has come closest to its threshold. */
  get #harmEvidence(): Evidence {
    if (this.#rules.kind !== 'buckets') return { log: this.#bet.logEvidence, threshold: -Math.log(this.#error) };
    let strongest: Evidence = { log: 0, threshold: this.#thresholdOf(0) };
    for (const [number, { logs, threshold }] of this.#generations.entries()) {
      const evidence = { log: logMean(logs, harmWeights), threshold };
      if (number === 0 || evidence.log - evidence.threshold > strongest.log - strongest.threshold) strongest = evidence;
    }
    return strongest;
  }
}
