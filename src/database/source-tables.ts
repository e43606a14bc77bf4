import type { UnixMs } from '../core/ids.ts';
import type { Flag } from './column-types.ts';

/** Repositories whose pushes are deployed: a rule that a person has set. */
export interface SourcesTable {
  readonly app: string;
  readonly name: string;
  readonly kind: 'github' | 'gitlab' | 'gitea';
  readonly address: string;
  readonly branch: string;
  readonly environment: string;
  /** Of the app inside the repository; empty: its root. */
  readonly folder: string;
  /** Name of a secret of builds; null: none. */
  readonly token_secret: string | null;
  readonly key_secret: string | null;
  /** Is the repository told how rollouts of its commits fare? */
  readonly is_told: Flag;
  /** What signs its webhooks, sealed by the key of the vault. */
  readonly sealed_hook_secret: string;
  readonly connected_at: UnixMs;
}

export type DeliveryState = 'ignored' | 'waiting' | 'working' | 'deployed' | 'failed' | 'superseded';

/** What webhooks have brought, and what became of it. */
export interface DeliveriesTable {
  readonly id: string;
  readonly app: string;
  readonly source: string;
  /** As the sender names it: the same for each of its attempts. */
  readonly delivery: string;
  readonly event: string;
  /** The head of the branch that was deployed; until it is fetched what the webhook said. */
  readonly commit_id: string | null;
  readonly state: DeliveryState;
  readonly note: string | null;
  readonly release: string | null;
  readonly rollout: string | null;
  readonly received_at: UnixMs;
  readonly ended_at: UnixMs | null;
}

/** What a repository is told about a commit, one row for each rollout or failed push: how it stands now, told once that is. */
export interface CommitReportsTable {
  readonly id: string;
  readonly app: string;
  readonly environment: string;
  readonly source: string;
  readonly commit_id: string;
  /** The rollout, or the push that never became one. */
  readonly subject: string;
  readonly standing: string;
  readonly note: string;
  /** Of the last event that is worked in. */
  readonly sequence: number;
  /** As the other side names it; null: it has none yet. */
  readonly deployment: string | null;
  readonly state: 'waiting' | 'delivered' | 'failed';
  readonly attempts: number;
  readonly due_at: UnixMs;
  readonly next_try_at: UnixMs;
  readonly problem: string | null;
  readonly ended_at: UnixMs | null;
}
