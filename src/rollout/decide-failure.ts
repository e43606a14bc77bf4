import type { RevisionId } from '../core/ids.ts';
import type { Cause, ObservedSlot } from './facts.ts';
import type { Plan, Step, TrafficLevel } from './plan.ts';
import type { Decision } from './decide.ts';
import { currentMove, type RolloutState } from './rollout-state.ts';

/** What follows when the current move failed: the rollout returns, goes on, or is stranded, as the move says. */
export function decideFailure(
  state: RolloutState,
  step: Step,
  cause: Omit<Cause, 'step'>,
  seen: readonly ObservedSlot[] = [],
): Decision {
  const full: Cause = { ...cause, step: step.id };
  const none = { effects: [], ask: null, wakeAt: null, refused: null };
  switch (followUp(state)) {
    case 'turn':
      return { ...none, events: [{ type: 'rollout-turned', payload: { cause: full } }] };
    case 'go-on': {
      const payload = { step: step.id, direction: state.direction, note: full.message };
      return { ...none, events: [{ type: 'step-done', payload }] };
    }
    case 'strand': {
      const level = bestLevel(state.plan, seen);
      const ended = { end: 'stranded', cause: strandedCause(state, full), level } as const;
      return {
        ...none,
        events: [{ type: 'rollout-ended', payload: ended }],
        effects: [{ kind: 'route', level, draining: [] }],
      };
    }
  }
}

/** Does a failure of the current move leave nobody who can serve as planned? */
export function mayStrand(state: RolloutState): boolean {
  return followUp(state) === 'strand';
}

/** A way back cannot turn once more: where it fails and must not, the rollout is stranded. */
function followUp(state: RolloutState): Step['ifFails'] {
  const wanted = currentMove(state)?.ifFails ?? 'turn';
  return state.direction === 'back' && wanted === 'turn' ? 'strand' : wanted;
}

/** What made the way back fail, and what made it needed: only the latter can lie in the release. */
function strandedCause(state: RolloutState, failed: Cause): Cause {
  if (state.cause === null) return failed;
  const message = `${failed.message}; on its way back because: ${state.cause.message}`;
  return { ...failed, message, inRelease: state.cause.inRelease };
}

/** A person's pause has lasted longer than it may. */
export function pauseOverdue(state: RolloutState, step: Step): Decision {
  const message = `paused by ${state.pause?.by.id ?? 'a person'} for longer than a pause may last`;
  return decideFailure(state, step, { code: 'timeout', kind: 'deadline', message, logTail: [], inRelease: false });
}

/**
 * The best that can serve when neither side can fully: one that users reach wholly, the old before the new. Where nobody
 * can, it is the old one all the same: it serves as soon as it comes up, and the new one stands by.
 */
function bestLevel(plan: Plan, seen: readonly ObservedSlot[]): TrafficLevel {
  const old = plan.before.kind === 'revision' ? [plan.before.revision] : [];
  const sides = [...old, plan.to.revision].map((revision) => ({ revision, services: reached(plan, revision, seen) }));
  const best =
    sides.find(({ services }) => services.length > 0 && services.every((isUp) => isUp)) ??
    sides.find(({ services }) => services.some((isUp) => isUp)) ??
    sides.find(({ revision, services }) => services.length > 0 && old.includes(revision));
  if (best !== undefined) return { kind: 'shares', shares: [{ revision: best.revision, permille: 1000 }] };
  if (plan.before.kind === 'adopted') return { kind: 'adopted', host: plan.before.host, port: plan.before.port };
  return { kind: 'maintenance', message: 'The service is out of order. Its operators have been told.' };
}

/** Of each web service of the revision: is there a ready slot? */
function reached(plan: Plan, revision: RevisionId, seen: readonly ObservedSlot[]): readonly boolean[] {
  const ready = seen.filter((slot) => slot.revision === revision && slot.state === 'ready');
  return plan.webServices
    .filter((each) => each.revision === revision)
    .map((each) => ready.some((slot) => slot.service === each.service));
}
