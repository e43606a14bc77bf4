import type { UnixMs } from '../core/ids.ts';
import { currentMove, type RolloutState } from '../rollout/rollout-state.ts';
import type { EngineParts } from './parts.ts';

/** How long a job that was ordered may still begin though nobody has heard of it, in milliseconds. */
const latestMs = 600_000;

/**
 * Jobs of a rollout of which nobody knows whether they have begun or ended as ordered. One that begins when the rollout
 * waits for it no more is ended.
 */
export class JobsInDoubt {
  readonly #parts: EngineParts;
  readonly #sinceMs = new Map<string, UnixMs>();

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  add(key: string): void {
    this.#sinceMs.set(key, this.#parts.clock.uptime());
  }

  /** A rollout that turns back waits for no job of the step it was at. Errors: those of the target. */
  async end(turned: RolloutState): Promise<void> {
    const effects = turned.stage === 'next' ? [] : (currentMove(turned)?.effects ?? []);
    const ended = effects.flatMap((effect) => (effect.kind === 'job' ? [effect.key] : []));
    const sure = ended.filter((key) => !this.#sinceMs.has(key));
    for (const key of sure) this.add(key);
    for (const key of ended) {
      await this.#parts.target.cancelJob(key);
      if (sure.includes(key)) this.#sinceMs.delete(key);
    }
  }

  /** Errors: those of the target; it may be called again at any time. */
  async settle(rollout: RolloutState | null): Promise<void> {
    for (const [key, sinceMs] of this.#sinceMs) {
      if (rollout === null || isWanted(rollout, key)) continue;
      const isOver = this.#parts.clock.uptime() - sinceMs >= latestMs;
      const job = isOver || !isStep(rollout, key) ? null : await this.#parts.target.observeJob(key);
      if (job?.state === 'running') await this.#parts.target.cancelJob(key);
      else if (job !== null || isOver || !isStep(rollout, key)) this.#sinceMs.delete(key);
    }
  }
}

function isWanted(rollout: RolloutState, key: string): boolean {
  return rollout.end === null && rollout.stage !== 'next' && isOrdered(currentMove(rollout), key);
}

/** Probes of the judge are seen to by whoever asks them. */
function isStep({ plan }: RolloutState, key: string): boolean {
  return plan.steps.some((step) => isOrdered(step, key) || isOrdered(step.compensation, key));
}

function isOrdered(move: ReturnType<typeof currentMove>, key: string): boolean {
  return move?.effects.some((effect) => effect.kind === 'job' && effect.key === key) ?? false;
}
