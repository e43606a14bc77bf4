import type { JournalEvent } from '../core/events.ts';
import { systemActor } from '../core/events.ts';
import { LotseError } from '../core/errors.ts';
import { chainOf, type RolloutId, type Scope } from '../core/ids.ts';
import { emptyEnvironment, evolveEnvironment, type EnvironmentState } from '../rollout/environment-state.ts';
import { evolve, plannedState } from '../rollout/evolve.ts';
import { isRolloutEvent, payloadVersion, type DecidedEvent, type WrittenEvent } from '../rollout/rollout-events.ts';
import type { RolloutState } from '../rollout/rollout-state.ts';
import type { EngineParts } from './parts.ts';

/** An environment and its rollout as the journal tells them. */
export interface EnvironmentView {
  readonly sequence: number;
  readonly environment: EnvironmentState;
  /** The latest rollout, also after its end; null before the first. */
  readonly rollout: RolloutState | null;
  /** The first epoch with the salt in force: what was counted before it belongs to other rollouts. */
  readonly firstEpoch: number;
}

export const emptyView: EnvironmentView = { sequence: 0, environment: emptyEnvironment, rollout: null, firstEpoch: 0 };
const pageSize = 500;

/** Reads and writes the rollout events of one environment, and keeps the folded view of them. */
export class EnvironmentLog {
  readonly #parts: EngineParts;
  readonly #scope: Scope;
  #view: EnvironmentView = emptyView;

  constructor(parts: EngineParts, scope: Scope) {
    this.#parts = parts;
    this.#scope = scope;
  }

  get view(): EnvironmentView {
    return this.#view;
  }

  /** Folds the journal from its beginning; what the view was before does not matter. */
  async load(): Promise<EnvironmentView> {
    let view = emptyView;
    for (;;) {
      const query = { after: view.sequence, limit: pageSize, correlationId: null };
      const events = await this.#parts.journal.read(chainOf(this.#scope), query);
      view = events.reduce(foldEvent, view);
      if (events.length < pageSize) break;
    }
    this.#view = view;
    return view;
  }

  /** Writes a plan or what was decided, durably, and folds it; null for what belongs to no rollout. */
  async append(rollout: RolloutId | null, decided: readonly DecidedEvent[]): Promise<void> {
    const drafts = decided.map((event) => ({
      type: event.type,
      version: payloadVersion(event.type),
      actor: event.actor ?? systemActor,
      reason: event.reason ?? null,
      correlationId: rollout,
      payload: event.payload,
    }));
    this.#parts.atPoint(`before writing ${drafts.map((draft) => draft.type).join(', ')}`);
    const written = await this.#parts.journal.append(chainOf(this.#scope), this.#parts.lock.fence, drafts);
    this.#parts.atPoint(`after writing ${drafts.map((draft) => draft.type).join(', ')}`);
    this.#view = written.reduce(foldEvent, this.#view);
  }
}

function foldEvent(view: EnvironmentView, event: JournalEvent): EnvironmentView {
  const { sequence } = event;
  if (!isRolloutEvent(event)) return { ...view, sequence };
  const rollout = rolloutAfter(view.rollout, event);
  const environment = evolveEnvironment(view.environment, event, rollout?.plan ?? null);
  const isSalted = environment.salt !== view.environment.salt;
  return { sequence, rollout, environment, firstEpoch: isSalted ? environment.epoch : view.firstEpoch };
}

function rolloutAfter(before: RolloutState | null, event: JournalEvent & WrittenEvent): RolloutState | null {
  if (event.type === 'rollout-planned') return plannedState(event.payload.plan, event.at);
  if (before !== null) return evolve(before, event);
  if (event.type === 'environment-downed' || event.type === 'upstream-adopted') return null;
  throw new LotseError('journal-damaged', `${event.chain} has ${event.type} before any plan`);
}
