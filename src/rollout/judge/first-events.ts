import type { TwoArms } from './odds-evidence.ts';

/** What one bucket did between two looks. A bucket belongs to one arm as long as shares stay. */
export interface BucketEvents {
  readonly bucket: number;
  readonly isNew: boolean;
  readonly requests: number;
  readonly hasEvent: boolean;
}

export interface RiskInterval extends TwoArms {
  /** Requests of the new arm's buckets that were at risk. */
  readonly newRequests: number;
}

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/**
 * Visitors are sticky, so their requests are not independent; their buckets are, because a fresh salt has drawn them.
 * Each bucket that was seen is at risk until its first event, which counts, and no other does. Given who is at risk and
 * how many have their event now, the draw alone decides in which arm they lie (the log-rank test; N. Mantel, 1966).
 */
export class FirstEvents {
  /** By bucket: 0 unseen, 1 at risk in the old arm, 2 at risk in the new arm, 3 had its event. */
  readonly #stage: Uint8Array;
  #oldAtRisk = 0;
  #newAtRisk = 0;

  constructor(stages: Uint8Array) {
    this.#stage = stages;
    for (const stage of stages) {
      if (stage === 1) this.#oldAtRisk++;
      else if (stage === 2) this.#newAtRisk++;
    }
  }

  static of(buckets: number): FirstEvents {
    return new FirstEvents(new Uint8Array(buckets));
  }

  /** Three buckets to a character: a state is written after each look. */
  get state(): string {
    let text = '';
    for (let at = 0; at < this.#stage.length; at += 3) {
      const [first = 0, second = 0, third = 0] = this.#stage.subarray(at, at + 3);
      text += digits[first * 16 + second * 4 + third];
    }
    return text;
  }

  /** `state` of as many buckets, rounded up to a multiple of three. */
  static from(state: string): FirstEvents {
    const stages = new Uint8Array(state.length * 3);
    for (let at = 0; at < state.length; at++) {
      const three = Math.max(0, digits.indexOf(state.charAt(at)));
      stages.set([three >> 4, (three >> 2) & 3, three & 3], at * 3);
    }
    return new FirstEvents(stages);
  }

  /**
   * Shares have changed, and with them arms. Nobody is at risk until seen again: a bucket that would wait in its former
   * arm, and come into the other with its next request, would be at risk there only when something happens to it.
   */
  beginEpoch(): void {
    this.#oldAtRisk = 0;
    this.#newAtRisk = 0;
    for (const [bucket, stage] of this.#stage.entries()) if (stage !== 3) this.#stage[bucket] = 0;
  }

  /** Takes what one interval brought and says who was at risk in it and who had the first event. */
  take(interval: readonly BucketEvents[]): RiskInterval {
    let newRequests = 0;
    for (const { bucket, isNew, requests } of interval) {
      this.#see(bucket, isNew);
      if (this.#stage[bucket] === 2) newRequests += requests;
    }
    const newUnits = this.#newAtRisk;
    const oldUnits = this.#oldAtRisk;
    for (const { bucket, hasEvent } of interval) if (hasEvent) this.#end(bucket);
    return {
      newUnits,
      oldUnits,
      newEvents: newUnits - this.#newAtRisk,
      oldEvents: oldUnits - this.#oldAtRisk,
      newRequests,
    };
  }

  #see(bucket: number, isNew: boolean): void {
    const stage = this.#stage[bucket];
    const next = isNew ? 2 : 1;
    if (stage === undefined || stage === 3 || stage === next) return;
    if (stage === 1) this.#oldAtRisk--;
    else if (stage === 2) this.#newAtRisk--;
    if (isNew) this.#newAtRisk++;
    else this.#oldAtRisk++;
    this.#stage[bucket] = next;
  }

  #end(bucket: number): void {
    const stage = this.#stage[bucket];
    if (stage === 1) this.#oldAtRisk--;
    else if (stage === 2) this.#newAtRisk--;
    if (stage === 1 || stage === 2) this.#stage[bucket] = 3;
  }
}
