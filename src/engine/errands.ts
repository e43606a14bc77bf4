import { sayError, toLotseError } from '../core/errors.ts';
import type { Scope } from '../core/ids.ts';
import type { TargetSlot } from '../ports/targets/targets.ts';
import type { Ask } from '../rollout/decide.ts';
import { harmCause } from '../rollout/decide-judged.ts';
import type { Fact } from '../rollout/facts.ts';
import type { Effect } from '../rollout/plan.ts';
import type { RolloutState } from '../rollout/rollout-state.ts';
import type { EnvironmentView } from './environment-log.ts';
import type { Judging } from './judging.ts';
import { observe, unaddressed } from './observe.ts';
import type { EngineParts } from './parts.ts';
import { perform } from './perform.ts';
import type { Reconciler } from './reconcile.ts';

/** How old a look at the slots may be for what is decided from it, in milliseconds. */
const freshMs = 100;

/** What errands need of their environment. */
interface ErrandParts {
  readonly parts: EngineParts;
  readonly scope: Scope;
  readonly reconciler: Reconciler;
  readonly judging: Judging;
}

/** Does what a decision wants done, asks what it wants to know, and brings back the facts. */
export class Errands {
  readonly #of: ErrandParts;
  /** When the slots were last looked at, by the clock that nobody sets; null: something was ordered since. */
  #lookedAtMs: number | null = null;

  constructor(of: ErrandParts) {
    this.#of = of;
  }

  async look(): Promise<readonly TargetSlot[]> {
    const slots = await this.#of.reconciler.look();
    this.#lookedAtMs = this.#of.parts.clock.uptime();
    return slots;
  }

  /** Errors: `fenced-off`. Others are facts. */
  async perform({ environment, rollout }: EnvironmentView, effects: readonly Effect[]): Promise<Fact> {
    const { parts, scope, reconciler, judging } = this.#of;
    const look = async () => void (this.#isFresh || (await this.look()));
    try {
      if (effects.some((effect) => effect.kind === 'job')) await judging.makeRoom();
      await perform({ parts, scope, reconciler, state: environment, look }, effects);
      // What was ordered is not seen yet.
      if (effects.some((effect) => effect.kind !== 'route')) this.#lookedAtMs = null;
      return { kind: 'performed' };
    } catch (thrown) {
      const { code, retriable } = toLotseError(thrown);
      // Whoever has taken over decides from here on.
      if (code === 'fenced-off') throw thrown;
      // Only a way back can be stranded by it, and that only by what is there now.
      const isSeen = rollout?.direction !== 'back' || (await this.#canLook());
      const slots = isSeen ? reconciler.slots.map(unaddressed) : null;
      return { kind: 'perform-failed', code, message: sayError(thrown), retriable, slots };
    }
  }

  /** Errors: those of the ports. Harm is a fact whatever else cannot be seen. */
  async answer(view: EnvironmentView, rollout: RolloutState, ask: Ask, signal: AbortSignal): Promise<Fact> {
    const { parts, scope, reconciler, judging } = this.#of;
    if (ask.kind === 'gates') return { kind: 'gates', results: await parts.bindings.gates(rollout.plan, ask.gates) };
    const judgement = ask.judged ? await judging.judgement(rollout, view) : null;
    if (judgement !== null && harmCause(rollout, judgement) !== null)
      return { kind: 'judged', judgement, slots: reconciler.slots.map(unaddressed) };
    const slots = async () => (this.#isFresh ? reconciler.slots : await this.look());
    return { kind: 'observed', observation: await observe(parts, ask, { scope, slots, judgement, signal }) };
  }

  get #isFresh(): boolean {
    return this.#lookedAtMs !== null && this.#of.parts.clock.uptime() - this.#lookedAtMs <= freshMs;
  }

  async #canLook(): Promise<boolean> {
    try {
      await this.look();
      return true;
    } catch (thrown) {
      if (toLotseError(thrown).code === 'fenced-off') throw thrown;
      return false;
    }
  }
}
