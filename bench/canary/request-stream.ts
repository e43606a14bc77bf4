import type { TwoArms } from '../../src/rollout/judge/odds-evidence.ts';
import type { Chance } from './chance.ts';

/** Canary requests, each with its neighbours; what lies between two events is passed over in one go. */
export class RequestStream {
  readonly #chance: Chance;
  readonly #newRate: number;
  readonly #oldRate: number;
  readonly #oldPerNew: number;
  readonly #anyEvent: number;
  readonly #anyOld: number;
  /** Canary requests so far. */
  requests = 0;

  constructor(chance: Chance, newRate: number, oldRate: number, oldPerNew: number) {
    this.#chance = chance;
    this.#newRate = newRate;
    this.#oldRate = oldRate;
    this.#oldPerNew = oldPerNew;
    this.#anyOld = 1 - (1 - oldRate) ** oldPerNew;
    this.#anyEvent = 1 - (1 - newRate) * (1 - this.#anyOld);
  }

  /** Everything up to and with the next canary request that has an event among it and its neighbours. */
  next(): TwoArms {
    const blocks = 1 + Math.floor(this.#chance.exponential(-Math.log1p(-this.#anyEvent)));
    this.requests += blocks;
    if (this.#anyEvent === 0) return { newUnits: blocks, oldUnits: blocks, newEvents: 0, oldEvents: 0 };
    const newEvents = this.#chance.happens(this.#newRate / this.#anyEvent) ? 1 : 0;
    const hasOld = newEvents === 0 || this.#chance.happens(this.#anyOld);
    const oldEvents = hasOld ? this.#oldEvents() : 0;
    return { newUnits: blocks, oldUnits: blocks * this.#oldPerNew, newEvents, oldEvents };
  }

  /** At least one. */
  #oldEvents(): number {
    for (;;) {
      const events = this.#chance.binomial(this.#oldPerNew, this.#oldRate);
      if (events > 0) return events;
    }
  }
}
