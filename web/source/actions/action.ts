import type { GateResultView, RolloutView } from '../../../src/capabilities/releases/releases-api.ts';

/** Where a person acts. */
interface Place {
  readonly app: string;
  readonly environment: string;
}

/** A line of a checklist, as the control plane names it. */
export interface ChecklistLine {
  readonly id: string;
  readonly text: string;
}

/** What a person can ask the control plane to do, with what the dialog needs to say before it does. */
export type Action =
  | { readonly kind: 'pause' | 'resume'; readonly rollout: RolloutView }
  | { readonly kind: 'advance'; readonly rollout: RolloutView; readonly step: string }
  /** Turns a rollout around that has not ended. */
  | { readonly kind: 'turn-back'; readonly rollout: RolloutView }
  /** From what serves to a release that served before. */
  | ({ readonly kind: 'roll-back'; readonly from: string | null; readonly to: string } & Place)
  | ({ readonly kind: 'deploy' | 'promote'; readonly release: string; readonly from: string | null } & Place)
  | { readonly kind: 'approve'; readonly rollout: RolloutView }
  /** `line` null: every line that is open. */
  | { readonly kind: 'sign'; readonly rollout: RolloutView; readonly line: ChecklistLine | null }
  | { readonly kind: 'override'; readonly rollout: RolloutView; readonly gate: GateResultView };

/** What the person has said in the dialog. */
export interface Words {
  /** Empty: nothing. */
  readonly reason: string;
  /** Only for `turn-back`: is the release at fault, so that it goes into quarantine? */
  readonly isToBlame: boolean;
}

export function appOf(action: Action): string {
  return 'rollout' in action ? action.rollout.app : action.app;
}

/** Without a reason nobody passes a gate. */
export function needsReason(action: Action): boolean {
  return action.kind === 'override';
}

export const shortestReason = 3;
