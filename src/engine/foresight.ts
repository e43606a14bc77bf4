import type { GateResult } from '../rollout/gate.ts';
import type { Plan, Step } from '../rollout/plan.ts';
import type { RolloutState } from '../rollout/rollout-state.ts';
import type { EngineParts } from './parts.ts';

/** What it needs of the engine's parts. */
interface ForesightParts {
  readonly clock: Pick<EngineParts['clock'], 'uptime'>;
  readonly bindings: Pick<EngineParts['bindings'], 'gates'>;
}

/** How old an answer may be for the step that it is about, and after what time it is asked anew, in milliseconds. */
const usableMs = 1_500;
const renewMs = 500;
/** At most this part of the time is spent on asking. */
const askingShare = 0.1;

/**
 * Asks the gates of the step to come while the one before it still waits: when that is done, users wait for no proof.
 * An answer that says anything but open counts for nothing: then the gates are asked when it is their turn.
 */
export class Foresight {
  readonly #parts: ForesightParts;
  /** Times are those of this process, which nobody sets. */
  #answer: { readonly step: string; readonly atMs: number; readonly results: readonly GateResult[] } | null = null;
  #renewAtMs = 0;

  constructor(parts: ForesightParts) {
    this.#parts = parts;
  }

  /** What is known of the step's gates; null when they must be asked. */
  of(step: string): readonly GateResult[] | null {
    const ageMs = this.#parts.clock.uptime() - (this.#answer?.atMs ?? -Infinity);
    return this.#answer?.step === step && ageMs <= usableMs ? this.#answer.results : null;
  }

  /** Something that gates depend on has changed. */
  forget(): void {
    this.#answer = null;
    this.#renewAtMs = 0;
  }

  /** Looks ahead from a rollout that waits. A gate that cannot be asked now is asked when it is its turn. */
  async look(rollout: RolloutState): Promise<void> {
    const next = gatedStep(rollout);
    const now = this.#parts.clock.uptime();
    const isNew = next?.id !== this.#answer?.step;
    if (next === null || (!isNew && now < this.#renewAtMs)) return;
    const results = await this.#ask(rollout.plan, next);
    const tookMs = this.#parts.clock.uptime() - now;
    this.#renewAtMs = now + Math.max(renewMs, tookMs / askingShare);
    // As old as the question: what it tells may have been seen at its beginning.
    this.#answer = { step: next.id, atMs: now, results };
  }

  async #ask(plan: Plan, { gates }: Step): Promise<readonly GateResult[]> {
    try {
      return await this.#parts.bindings.gates(plan, gates);
    } catch {
      return [];
    }
  }
}

/** The step after the one that a rollout waits for, when it goes forward and that step has gates. */
function gatedStep({ plan, index, direction, stage, pause }: RolloutState): Step | null {
  if (direction === 'back' || stage !== 'performed' || pause !== null) return null;
  const next = plan.steps[index + 1];
  return next === undefined || next.gates.length === 0 ? null : next;
}
