import type { Role } from '../../../src/capabilities/accounts/accounts-api.ts';
import type {
  EnvironmentViewModel,
  GateResultView,
  RolloutView,
} from '../../../src/capabilities/releases/releases-api.ts';
import { hasEnded } from '../rollout/step-progress.ts';

export type SteeringKind = 'pause' | 'resume' | 'advance' | 'roll-back';

/** What applies now; whether this person may is another question. */
export function steeringOf(rollout: RolloutView, previousRelease: string | null): readonly SteeringKind[] {
  switch (rollout.status) {
    case 'moving':
    case 'watching':
      return [...(isTimed(rollout) ? (['advance'] as const) : []), 'pause', 'roll-back'];
    case 'waiting':
      return ['pause', 'roll-back'];
    case 'paused':
      return ['resume', 'roll-back'];
    case 'settled':
      return previousRelease === null ? [] : ['roll-back'];
    case 'settling':
    case 'returning':
    case 'returned':
    case 'stranded':
      return [];
  }
}

/** Only a step that waits for time to pass can be advanced. */
function isTimed(rollout: RolloutView): boolean {
  return rollout.steps.some((step) => step.state === 'running' && step.phase === 'watch');
}

/** Roll back in an environment as a whole: a running rollout turns, else the one before comes back. */
export function canRollBack(environment: EnvironmentViewModel): boolean {
  const { rollout, previousRelease } = environment;
  if (rollout === null || hasEnded(rollout)) return previousRelease !== null;
  return steeringOf(rollout, previousRelease).includes('roll-back');
}

export type GateOpening = 'approve' | 'sign' | 'override';

/** What a person can do about a gate that is shut: an override is always there, for whoever may. */
export function openingsOf({ gate, state }: Pick<GateResultView, 'gate' | 'state'>): readonly GateOpening[] {
  if (state === 'open' || state === 'overridden') return [];
  if (gate === 'approval') return ['approve', 'override'];
  if (gate.startsWith('checklist')) return ['sign', 'override'];
  return ['override'];
}

/** Roles that pass, as the server has them; it has the last word. An admin does not approve by being admin. */
const passing = {
  steer: ['developer', 'operator', 'admin'],
  approve: ['approver'],
  override: ['operator', 'admin'],
  configure: ['developer', 'operator', 'admin'],
  operate: ['operator', 'admin'],
} as const satisfies Record<string, readonly Role[]>;

export type Permission = keyof typeof passing;

export function mayDo(permission: Permission, roles: readonly Role[]): boolean {
  return roles.some((role) => passing[permission].some((each) => each === role));
}
