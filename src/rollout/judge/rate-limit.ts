import { harmGrid, harmWeights } from './grids.ts';
import { SpreadBet } from './spread-bet.ts';
import type { SpreadBetState } from './spread-bet.ts';

/** Probability with which one limit may be called broken that is kept. */
export const limitError = 0.01;

/**
 * Evidence that more than `most` of all requests have the event: bets on higher rates, requests taken one by one, so that
 * their wealth times 1 has a mean of at most 1 at every look (J. Ville, 1939). For requests that do not depend on each
 * other; nobody else's rate is in it.
 */
export class RateLimit {
  readonly #most: number;
  readonly #rates: readonly number[];
  readonly #bet: SpreadBet;
  #isBroken: boolean;

  constructor(most: number, state: RateLimitState | null = null) {
    this.#most = most;
    const odds = most / (1 - most);
    this.#rates = harmGrid.map((times) => (odds * times) / (1 + odds * times));
    this.#bet = new SpreadBet(harmWeights, state?.bet ?? null);
    this.#isBroken = state?.isBroken ?? false;
  }

  get state(): RateLimitState {
    return { bet: this.#bet.state, isBroken: this.#isBroken };
  }

  /** What was reached stays so. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  look(requests: number, events: number): void {
    if (requests === 0 || this.#isBroken || this.#most >= 1) return;
    // Where nothing may fail, one is too many.
    if (this.#most <= 0) this.#isBroken = events > 0;
    else this.#isBroken = this.#isExceeded(requests, events);
  }

  #isExceeded(requests: number, events: number): boolean {
    this.#bet.bet(this.#rates.map((rate) => logBinomialRatio(requests, events, rate, this.#most)));
    return this.#bet.reaches(-Math.log(limitError));
  }
}

export interface RateLimitState {
  readonly bet: SpreadBetState;
  readonly isBroken: boolean;
}

/** Natural logarithm of how much likelier `events` of `requests` are at `rate` than at `most`; both between 0 and 1. */
export function logBinomialRatio(requests: number, events: number, rate: number, most: number): number {
  return events * Math.log(rate / most) + (requests - events) * (Math.log1p(-rate) - Math.log1p(-most));
}
