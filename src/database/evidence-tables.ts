import type { UnixMs } from '../core/ids.ts';
import type { ActorKind, JsonText } from './column-types.ts';

/** Also approvals and checklist signatures. */
export interface EvidenceTable {
  readonly id: string;
  readonly app: string;
  readonly environment: string;
  readonly gate: string;
  readonly subject_kind: 'release' | 'revision';
  readonly subject_id: string;
  readonly by_kind: ActorKind;
  readonly by_id: string;
  readonly at: UnixMs;
  readonly until: UnixMs | null;
  readonly hash: string;
  readonly summary: string;
  readonly details: JsonText | null;
  /** When it was taken back; null: it counts. */
  readonly withdrawn_at: UnixMs | null;
}

export interface OverridesTable {
  readonly id: string;
  readonly app: string;
  readonly environment: string;
  readonly rollout: string;
  readonly gate: string;
  readonly by_kind: ActorKind;
  readonly by_id: string;
  readonly at: UnixMs;
  readonly reason: string;
}

export interface QuarantineTable {
  readonly id: string;
  readonly app: string;
  readonly release: string;
  readonly environment: string;
  readonly rollout: string;
  readonly cause: JsonText;
  /** What changed against the release that was replaced. */
  readonly changes: JsonText;
  readonly at: UnixMs;
  readonly lifted_at: UnixMs | null;
  readonly lifted_by_kind: ActorKind | null;
  readonly lifted_by_id: string | null;
  readonly lifted_reason: string | null;
}
