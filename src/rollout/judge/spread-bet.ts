import { logMean } from './grids.ts';

/**
 * A mixture that also bets on trouble that begins later. Most of its wealth bets from the first look on; the rest is
 * handed out over all looks, each part betting from there on. Both together are one e-process: shares of wealth
 * that sum to 1, each of which is worth nothing more until its bet begins. Nothing but one number per alternative is
 * kept for all the later ones together.
 */
export class SpreadBet {
  readonly #fromStart: number[];
  readonly #later: number[];
  readonly #weights: readonly number[];
  #looks: number;

  /** `weights`: of the alternatives, sum to 1. */
  constructor(weights: readonly number[], state: SpreadBetState | null = null) {
    this.#weights = weights;
    this.#fromStart = [...(state?.fromStart ?? weights.map(() => 0))];
    this.#later = (state?.later ?? weights.map(() => null)).map((log) => log ?? -Infinity);
    this.#looks = state?.looks ?? 0;
  }

  /** Plain data that survives JSON. */
  get state(): SpreadBetState {
    const later = this.#later.map((log) => (log === -Infinity ? null : log));
    return { fromStart: this.#fromStart, later, looks: this.#looks };
  }

  /** `ratios`: logarithm of the likelihood ratio of each alternative for what was just seen. */
  bet(ratios: readonly number[]): void {
    const logShare = Math.log(shareOfLook(++this.#looks));
    for (const [index, ratio] of ratios.entries()) {
      this.#fromStart[index] = (this.#fromStart[index] ?? 0) + ratio;
      this.#later[index] = logAdd(this.#later[index] ?? -Infinity, logShare) + ratio;
    }
  }

  /** Whether the evidence is so much: hardly ever, and then no exponential is needed to see it. */
  reaches(log: number): boolean {
    if (this.#fromStart.every((each) => each < log) && this.#later.every((each) => each < log)) return false;
    return this.logEvidence >= log;
  }

  /** Logarithm of the wealth now, without the shares that bet on trouble yet to come (at most 1 together). */
  get logEvidence(): number {
    const fromStart = Math.log(shareOfStart) + logMean(this.#fromStart, this.#weights);
    return logAdd(fromStart, Math.log(1 - shareOfStart) + logMean(this.#later, this.#weights));
  }
}

/** What bets from the first look on. */
const shareOfStart = 0.65;

export interface SpreadBetState {
  readonly fromStart: readonly number[];
  /** Null: nothing. */
  readonly later: readonly (number | null)[];
  readonly looks: number;
}

/** What look 1, 2, 3 … gets of the rest: sums to 1 over all looks, and falls little faster than 1/look. */
function shareOfLook(look: number): number {
  return Math.LN2 * (1 / Math.log(look + 1) - 1 / Math.log(look + 2));
}

function logAdd(a: number, b: number): number {
  const higher = Math.max(a, b);
  if (higher === -Infinity) return -Infinity;
  return higher + Math.log1p(Math.exp(Math.min(a, b) - higher));
}
