import { waitMs } from '../../src/engine/patience.ts';
import type { TargetSlot } from '../../src/ports/targets/targets.ts';

/** One look at the slots. `seenMs`: when the target was looked at; -Infinity: never. */
export interface Sighting {
  readonly slots: readonly TargetSlot[];
  readonly seenMs: number;
}

const nothingSeen: Sighting = { slots: [], seenMs: -Infinity };

/**
 * The looks at one environment that have come back. An answer that was long under way may have been given up by whoever
 * asked; one that came soon was heard for certain, and counts from then on.
 */
export class Sightings {
  #heard: readonly (Sighting & { readonly isCertain: boolean })[] = [];

  cameBack(sighting: Sighting, afterMs: number): void {
    const isCertain = afterMs < waitMs.hanging;
    // The one before still counts for whoever is just going by it.
    this.#heard = [...(isCertain ? this.#heard.slice(-1) : this.#heard), { ...sighting, isCertain }];
  }

  /** What somebody must know who goes by these slots: when they were told. Who goes by others knows the last for certain. */
  known(by: readonly TargetSlot[]): Sighting {
    const found = this.#heard.findLast(({ slots }) => slots === by);
    return found ?? this.#heard.findLast(({ isCertain }) => isCertain) ?? nothingSeen;
  }
}
