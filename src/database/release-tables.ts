import type { UnixMs } from '../core/ids.ts';
import type { ActorKind, Flag, JsonText } from './column-types.ts';

export interface AppsTable {
  readonly app: string;
  readonly created_at: UnixMs;
  readonly archived_at: UnixMs | null;
}

export interface EnvironmentsTable {
  readonly app: string;
  readonly environment: string;
  readonly kind: 'declared' | 'ephemeral';
  /** As last accepted. */
  readonly definition: JsonText;
  readonly definition_hash: string;
  readonly accepted_at: UnixMs;
  readonly accepted_by_kind: ActorKind;
  readonly accepted_by_id: string;
  /** Front port of its own; null: none yet. */
  readonly port: number | null;
  readonly state: 'new' | 'serving' | 'maintenance' | 'adopted' | 'removed';
  /** Revision that the public route answers with. */
  readonly live_revision: string | null;
  /** Revision whose watch window has closed: what a rollback returns to. */
  readonly settled_revision: string | null;
  readonly created_at: UnixMs;
  /** End of an ephemeral environment. */
  readonly expires_at: UnixMs | null;
}

/** Frozen config, found by the hash of its content. */
export interface ConfigVersionsTable {
  readonly app: string;
  readonly environment: string;
  readonly version: string;
  readonly document: JsonText;
  readonly created_at: UnixMs;
}

export interface ReleasesTable {
  readonly app: string;
  readonly release: string;
  readonly number: number;
  readonly artifact: string;
  readonly commit_id: string;
  readonly dirty: Flag;
  readonly document: JsonText;
  readonly created_at: UnixMs;
  readonly created_by_kind: ActorKind;
  readonly created_by_id: string;
  /** When the artifact's files were collected; null: they are there. */
  readonly collected_at: UnixMs | null;
}

export interface RevisionsTable {
  readonly app: string;
  readonly revision: string;
  readonly environment: string;
  readonly number: number;
  readonly release: string;
  readonly artifact: string;
  readonly config_version: string;
  readonly document: JsonText;
  readonly planned_at: UnixMs;
}

/** What was learned by watching a service. */
export interface ServiceFactsTable {
  readonly app: string;
  readonly environment: string;
  readonly service: string;
  /** The port it listens on whatever PORT says; null: it follows PORT. */
  readonly fixed_port: number | null;
  readonly boot_ms: number | null;
  readonly learned_from: string | null;
  readonly learned_at: UnixMs;
}

/** Ports that Lotse has given away on this machine; `revision` and `service` are empty where they do not apply. */
export interface PortsTable {
  readonly port: number;
  readonly app: string;
  readonly environment: string;
  readonly purpose: 'environment' | 'inner' | 'pinned' | 'internal' | 'instance';
  readonly revision: string;
  readonly service: string;
  /** Slot of an instance; 0 where it does not apply. */
  readonly slot: number;
  readonly allocated_at: UnixMs;
}
