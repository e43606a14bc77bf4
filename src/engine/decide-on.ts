import { systemActor } from '../core/events.ts';
import type { UnixMs } from '../core/ids.ts';
import { decide, type Decision } from '../rollout/decide.ts';
import { evolve } from '../rollout/evolve.ts';
import type { Fact } from '../rollout/facts.ts';
import { isOpen, type GateResult } from '../rollout/gate.ts';
import type { DecidedEvent } from '../rollout/rollout-events.ts';
import type { RolloutState } from '../rollout/rollout-state.ts';

/** Answers of a step's gates that are fresh enough to be used; null when the gates must be asked. */
export type KnownGates = (step: string) => readonly GateResult[] | null;

/**
 * Decides on from a fact for as long as nobody has to be asked or ordered anything: all events of it are one write, with
 * the effects and the question of the last decision. So a step that is done and the intent of the next one cost users a
 * single wait for the disk. Pure.
 */
export function decideOn(rollout: RolloutState, fact: Fact, now: UnixMs, knownGates: KnownGates): Decision {
  const events: DecidedEvent[] = [];
  let state = rollout;
  let next: Fact | null = fact;
  for (;;) {
    const decision: Decision = decide(state, next, now);
    events.push(...decision.events);
    state = foldDecided(state, decision.events, now);
    next = factAfter(decision, knownGates);
    if (next === null) return { ...decision, events };
  }
}

/** What follows by itself: time goes on, or the gates that are asked about are known to be open. */
function factAfter({ events, effects, ask, refused }: Decision, knownGates: KnownGates): Fact | null {
  if (ask?.kind === 'gates') {
    const results = knownGates(ask.step);
    return results?.length && results.every(isOpen) ? { kind: 'gates', results } : null;
  }
  if (events.length === 0 || effects.length > 0 || ask !== null || refused !== null) return null;
  // A turn ends jobs, an end is announced: both want to be written first.
  const isCut = events.some(({ type }) => type === 'rollout-turned' || type === 'rollout-ended');
  return isCut ? null : { kind: 'tick' };
}

function foldDecided(state: RolloutState, decided: readonly DecidedEvent[], at: UnixMs): RolloutState {
  return decided.map((event) => ({ actor: systemActor, reason: null, ...event, at })).reduce(evolve, state);
}
