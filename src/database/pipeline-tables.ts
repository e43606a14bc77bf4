import type { UnixMs } from '../core/ids.ts';
import type { ActorKind, Flag, JsonText } from './column-types.ts';

/** Runs of pipelines. They stay when their files are kept no longer: a gate asks for the latest of a release. */
export interface PipelineRunsTable {
  readonly app: string;
  /** From 1 on in each app. */
  readonly number: number;
  readonly release: string;
  readonly commit: string;
  readonly branch: string | null;
  /** Runs of one group are in each other's way; null: this one is in nobody's. */
  readonly concurrency_group: string | null;
  readonly newer: 'cancels' | 'waits' | null;
  readonly state: 'queued' | 'running' | 'passed' | 'failed' | 'cancelled';
  readonly is_cancelled: Flag;
  /** Why it has not passed. */
  readonly note: string | null;
  readonly by_kind: ActorKind;
  readonly by_id: string;
  readonly created_at: UnixMs;
  readonly started_at: UnixMs | null;
  readonly ended_at: UnixMs | null;
  /** Its source, logs and artifacts are there. */
  readonly has_files: Flag;
}

export interface PipelineJobsTable {
  readonly app: string;
  readonly number: number;
  readonly job: string;
  /** In the order of the file. */
  readonly position: number;
  readonly needs: JsonText;
  readonly state: 'waiting' | 'running' | 'passed' | 'failed' | 'cancelled' | 'skipped';
  /** 1, or 2 where nobody knows how the first one ended. */
  readonly attempt: number;
  readonly started_at: UnixMs | null;
  readonly ended_at: UnixMs | null;
  readonly exit_code: number | null;
  readonly cache: 'hit' | 'miss' | null;
  readonly has_artifacts: Flag;
  readonly note: string | null;
}
