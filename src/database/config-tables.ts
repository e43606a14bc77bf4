import type { UnixMs } from '../core/ids.ts';
import type { ActorKind, JsonText } from './column-types.ts';

/** What people have set for an environment: a row for each change, which holds all that is set after it. */
export interface ConfigSettingsTable {
  readonly app: string;
  readonly environment: string;
  /** 1, 2, 3, … within its environment. */
  readonly version: number;
  /** All settings in force from then on. */
  readonly settings: JsonText;
  /** What this version changed. */
  readonly changes: JsonText;
  readonly set_at: UnixMs;
  readonly set_by_kind: ActorKind;
  readonly set_by_id: string;
  readonly reason: string | null;
}

/** Findings of the guard that somebody has looked at and let pass; the repository has the line that says so. */
export interface ReviewedFindingsTable {
  readonly app: string;
  readonly path: string;
  readonly fingerprint: string;
  readonly rule: string;
  readonly reason: string;
  readonly accepted_at: UnixMs;
  readonly accepted_by_kind: ActorKind;
  readonly accepted_by_id: string;
}
