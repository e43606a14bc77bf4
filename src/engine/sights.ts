import { chainOf, type ChainName, type Scope } from '../core/ids.ts';
import type { Looks } from '../core/looks.ts';
import type { TargetSlot } from '../ports/targets/targets.ts';
import type { Judgement } from '../rollout/judge/judgement.ts';
import type { Judged } from './judged-rollout.ts';

interface Seen {
  readonly instances: string;
  readonly judgement: Judgement | null;
}

const unseen: Seen = { instances: '[]', judgement: null };

/** Tells whoever shows environments that one looks different than at the last look. */
export class Sights {
  readonly #last = new Map<ChainName, Seen>();
  readonly #looks: Looks;

  constructor(looks: Looks) {
    this.#looks = looks;
  }

  /** After each look. */
  compare(scope: Scope, slots: readonly TargetSlot[], judged: Judged | null): void {
    const before = this.#last.get(chainOf(scope)) ?? unseen;
    const seen: Seen = { instances: JSON.stringify(slots.map(shown)), judgement: judged?.judgement ?? null };
    this.#last.set(chainOf(scope), seen);
    if (seen.instances !== before.instances) this.#looks.tell({ ...scope, what: 'instances' });
    if (seen.judgement !== before.judgement) this.#looks.tell({ ...scope, what: 'judgement' });
  }

  /** One more bucket of what users ask is over. */
  counted(scope: Scope): void {
    this.#looks.tell({ ...scope, what: 'traffic' });
  }
}

/** How much memory an instance has and what it wrote last change with every look, and are nobody's news. */
function shown({ memoryBytes: _, logTail: __, ...slot }: TargetSlot): object {
  return slot;
}
