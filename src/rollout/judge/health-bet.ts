import { healthGrid, logMean } from './grids.ts';
import { logRatios } from './odds-evidence.ts';
import type { TwoArms } from './odds-evidence.ts';

export interface HealthRules {
  /** Tolerated odds of the event in the new revision, as a multiple of the old one's. */
  readonly tolerance: number;
  /** A rate of the event that is tolerated beside the old one's, whatever that is: 0.005. */
  readonly toleratedRate: number;
}

export interface HealthBetState {
  readonly odds: readonly number[];
  readonly rate: readonly number[];
}

/**
 * Evidence against "the new revision is worse than tolerated", which means worse by both measures: more than
 * `tolerance` times the old one's odds, and a rate above `toleratedRate`. Half of the wealth bets against the one, half
 * against the other, so that a service that never fails can be found healthy too.
 */
export class HealthBet {
  readonly #rules: HealthRules;
  readonly #alternatives: readonly number[];
  readonly #odds: number[];
  readonly #rate: number[];

  constructor(rules: HealthRules, state: HealthBetState | null) {
    this.#rules = rules;
    this.#alternatives = healthGrid.map((part) => part * rules.tolerance);
    this.#odds = [...(state?.odds ?? healthGrid.map(() => 0))];
    this.#rate = [...(state?.rate ?? healthGrid.map(() => 0))];
  }

  get state(): HealthBetState {
    return { odds: this.#odds, rate: this.#rate };
  }

  bet(seen: TwoArms, newRequests: number): void {
    const { tolerance, toleratedRate } = this.#rules;
    const odds = logRatios(seen, tolerance, this.#alternatives);
    const misses = Math.max(0, newRequests - seen.newEvents);
    for (const [index, part] of healthGrid.entries()) {
      this.#odds[index] = (this.#odds[index] ?? 0) + (odds[index] ?? 0);
      const rate = part * toleratedRate;
      this.#rate[index] =
        (this.#rate[index] ?? 0) +
        seen.newEvents * Math.log(part) +
        misses * (Math.log1p(-rate) - Math.log1p(-toleratedRate));
    }
  }

  /** Whether the evidence is so much; seen without an exponential while it is far. */
  reaches(log: number): boolean {
    if (this.#odds.every((each) => each < log) && this.#rate.every((each) => each < log)) return false;
    return this.logEvidence >= log;
  }

  get logEvidence(): number {
    return logMean([...this.#odds, ...this.#rate]);
  }
}
