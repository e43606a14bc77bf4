import { chainOf, type ChainName, type Scope } from '../core/ids.ts';
import type { TargetSlot } from '../ports/targets/targets.ts';
import type { Judgement } from '../rollout/judge/judgement.ts';
import type { Judged } from './judged-rollout.ts';

/** What looks different in an environment, though nothing was decided: looks are no events, and no journal has them. */
export interface Sight extends Scope {
  readonly what: 'instances' | 'judgement' | 'traffic';
}

interface Seen {
  readonly instances: string;
  readonly judgement: Judgement | null;
}

const unseen: Seen = { instances: '[]', judgement: null };

/** Tells whoever shows environments that one looks different than at the last look. */
export class Sights {
  readonly #last = new Map<ChainName, Seen>();
  readonly #listeners = new Set<(sight: Sight) => void>();

  /** Answers how to stop listening. */
  onSight(listener: (sight: Sight) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** After each look. */
  compare(scope: Scope, slots: readonly TargetSlot[], judged: Judged | null): void {
    const before = this.#last.get(chainOf(scope)) ?? unseen;
    const seen: Seen = { instances: JSON.stringify(slots.map(shown)), judgement: judged?.judgement ?? null };
    this.#last.set(chainOf(scope), seen);
    if (seen.instances !== before.instances) this.#tell({ ...scope, what: 'instances' });
    if (seen.judgement !== before.judgement) this.#tell({ ...scope, what: 'judgement' });
  }

  /** One more bucket of what users ask is over. */
  counted(scope: Scope): void {
    this.#tell({ app: scope.app, environment: scope.environment, what: 'traffic' });
  }

  #tell(sight: Sight): void {
    for (const listener of this.#listeners) listener(sight);
  }
}

/** How much memory an instance has and what it wrote last change with every look, and are nobody's news. */
function shown({ memoryBytes: _, logTail: __, ...slot }: TargetSlot): object {
  return slot;
}
