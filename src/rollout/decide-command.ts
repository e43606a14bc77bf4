import type { UnixMs } from '../core/ids.ts';
import type { Decision } from './decide.ts';
import type { Command } from './facts.ts';
import type { DecidedEvent } from './rollout-events.ts';
import { currentStep, type RolloutState } from './rollout-state.ts';

/** A pause has a deadline: after this the rollout returns, in milliseconds. */
export const pauseMs = 86_400_000;

const none = { events: [], effects: [], ask: null, wakeAt: null, refused: null } as const;
const refuse = (why: string): Decision => ({ ...none, refused: why });

/** What a person asks for. Asking twice changes nothing. */
export function decideCommand(state: RolloutState, command: Command, now: UnixMs): Decision {
  const by = { actor: command.actor, reason: command.reason };
  const write = (event: DecidedEvent): Decision => ({ ...none, events: [event] });
  if (state.direction === 'back') {
    return command.kind === 'abort' ? none : refuse('the rollout is on its way back; that cannot be stopped');
  }
  const step = currentStep(state);
  if (step === null || step.phase === 'settled') {
    return refuse('the rollout is settling: what served before is being stopped; a rollback starts it again');
  }
  switch (command.kind) {
    case 'pause':
      return state.pause !== null ? none : write({ type: 'rollout-paused', payload: { until: now + pauseMs }, ...by });
    case 'resume':
      return state.pause === null ? none : write({ type: 'rollout-resumed', payload: {}, ...by });
    case 'advance':
      return state.advanced && state.pause === null
        ? none
        : write({ type: 'rollout-advanced', payload: { step: step.id }, ...by });
    case 'abort':
      return write({ type: 'rollout-turned', payload: { cause: abortCause(step.id, command) }, ...by });
    case 'supersede': {
      if (!isUntouched(state)) return refuse('the rollout has begun; only one that still waits is superseded');
      const cause = {
        ...abortCause(step.id, { ...command, blame: false }),
        message: `superseded by ${command.release}`,
      };
      return write({ type: 'rollout-turned', payload: { cause }, ...by });
    }
  }
}

/** Nothing of it is ordered, and no person holds it. */
function isUntouched({ index, stage, pause }: RolloutState): boolean {
  return index === 0 && stage === 'next' && pause === null;
}

function abortCause(step: string, command: Omit<Extract<Command, { kind: 'abort' }>, 'kind'>) {
  const why = command.reason === null ? '' : `: ${command.reason}`;
  return {
    code: 'cancelled',
    kind: 'aborted',
    step,
    // Who it was stands in the event; messages are kept where nothing can be erased.
    message: `taken back by ${command.actor.kind === 'person' ? 'a person' : 'a system'}${why}`,
    logTail: [],
    inRelease: command.blame,
  } as const;
}
