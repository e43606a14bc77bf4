import { durationBin, durationBins } from '../../src/core/durations.ts';
import type { Chance } from './chance.ts';

/** Durations are log-normal: 50 ms in the middle, σ 0.8. */
export const sigma = 0.8;
const middleMs = 50;

/** Requests by bin, as the proxy counts them. */
export function durationsOf(chance: Chance, requests: number, factor: number): readonly number[] {
  const counts = Array.from({ length: durationBins }, () => 0);
  for (let i = 0; i < requests; i++) {
    const bin = durationBin(middleMs * factor * Math.exp(sigma * chance.normal()));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

/** So many looks are drawn once for each number of requests; long runs take theirs from them by chance. */
const drawnLooks = 2_000;

export class DrawnDurations {
  readonly #chance: Chance;
  readonly #looks = new Map<number, readonly (readonly number[])[]>();

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  take(chance: Chance, requests: number): readonly number[] {
    const looks = this.#looks.get(requests) ?? this.#draw(requests);
    return looks[chance.below(looks.length)] ?? [];
  }

  #draw(requests: number): readonly (readonly number[])[] {
    const looks = Array.from({ length: drawnLooks }, () => durationsOf(this.#chance, requests, 1));
    this.#looks.set(requests, looks);
    return looks;
  }
}
