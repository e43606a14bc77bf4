import type { GateResultView, RolloutView, StepView } from '../capabilities/releases/releases-api.ts';
import { exitCodeOf, exitOk } from './exit-codes.ts';

/** When a follower is satisfied. */
export type Until = 'live' | 'settled';

/** How a rollout stands, for someone who waits for it. */
export type Standing =
  | { readonly kind: 'under-way' }
  | { readonly kind: 'waiting'; readonly gates: readonly GateResultView[] }
  | { readonly kind: 'paused' }
  /** `isVerified`: the app's own story has passed through the public route. */
  | { readonly kind: 'live'; readonly isVerified: boolean }
  | { readonly kind: 'settled'; readonly isVerified: boolean }
  | { readonly kind: 'returned' }
  | { readonly kind: 'stranded' };

/** The step in which the app's own verification asks the public route. */
export const publicVerification = 'verify-after';

export function standingOf(rollout: RolloutView, until: Until): Standing {
  const isVerified = verificationOf(rollout)?.state === 'done';
  switch (rollout.status) {
    case 'settled':
      return { kind: 'settled', isVerified };
    case 'returned':
      return { kind: 'returned' };
    case 'stranded':
      return { kind: 'stranded' };
    case 'waiting':
      return { kind: 'waiting', gates: rollout.waitingFor };
    case 'paused':
      return { kind: 'paused' };
    case 'returning':
      return { kind: 'under-way' };
    case 'moving':
    case 'watching':
    case 'settling':
      return until === 'live' && rollout.live && isVerificationOver(rollout)
        ? { kind: 'live', isVerified }
        : { kind: 'under-way' };
  }
}

function verificationOf(rollout: RolloutView): StepView | undefined {
  return rollout.steps.find((step) => step.id === publicVerification);
}

/** Live is not enough while the story still runs: its failure takes the release back. */
function isVerificationOver(rollout: RolloutView): boolean {
  const state = verificationOf(rollout)?.state;
  return state === undefined || state === 'done' || state === 'skipped';
}

/** Nothing moves any more. */
export function hasEnded(rollout: RolloutView): boolean {
  return rollout.status === 'settled' || rollout.status === 'returned' || rollout.status === 'stranded';
}

/** The exit code says how it stands, not whether the command worked. */
export function exitCodeOfStanding(standing: Standing): number {
  switch (standing.kind) {
    case 'under-way':
    case 'live':
    case 'settled':
      return exitOk;
    case 'returned':
    case 'stranded':
      return exitCodeOf(standing.kind);
    case 'paused':
      return exitCodeOf('gate-closed');
    case 'waiting':
      return exitCodeOf(codeOfGates(standing.gates));
  }
}

function codeOfGates(gates: readonly GateResultView[]): 'not-proven' | 'quarantined' | 'gate-closed' {
  if (gates.some((gate) => gate.state === 'not-proven')) return 'not-proven';
  return gates.some((gate) => gate.gate.includes('quarantine') && gate.state === 'closed')
    ? 'quarantined'
    : 'gate-closed';
}
