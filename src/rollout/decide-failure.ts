import type { Cause, Observation } from './facts.ts';
import type { Plan, Step, TrafficLevel } from './plan.ts';
import type { Decision } from './decide.ts';
import { currentMove, type RolloutState } from './rollout-state.ts';

/** What follows when the current move failed: the rollout returns, goes on, or is stranded, as the move says. */
export function decideFailure(
  state: RolloutState,
  step: Step,
  cause: Omit<Cause, 'step'>,
  seen?: Observation,
): Decision {
  const full: Cause = { ...cause, step: step.id };
  const none = { effects: [], ask: null, wakeAt: null, refused: null };
  switch (currentMove(state)?.ifFails ?? 'turn') {
    case 'turn':
      return { ...none, events: [{ type: 'rollout-turned', payload: { cause: full } }] };
    case 'go-on': {
      const payload = { step: step.id, direction: state.direction, note: full.message };
      return { ...none, events: [{ type: 'step-done', payload }] };
    }
    case 'strand': {
      const level = bestLevel(state.plan, seen);
      const ended = { end: 'stranded', cause: full, level } as const;
      return {
        ...none,
        events: [{ type: 'rollout-ended', payload: ended }],
        effects: [{ kind: 'route', level, draining: [] }],
      };
    }
  }
}

/** The best that can serve when neither side can fully: the old if any of it is ready, else the new, else the page. */
function bestLevel(plan: Plan, seen: Observation | undefined): TrafficLevel {
  const old = plan.before.kind === 'revision' ? [plan.before.revision] : [];
  for (const revision of [...old, plan.to.revision]) {
    if (seen?.slots.some((slot) => slot.revision === revision && slot.state === 'ready')) {
      return { kind: 'shares', shares: [{ revision, permille: 1000 }] };
    }
  }
  if (plan.before.kind === 'adopted') return { kind: 'adopted', host: plan.before.host, port: plan.before.port };
  return { kind: 'maintenance', message: 'The service is out of order. Its operators have been told.' };
}
