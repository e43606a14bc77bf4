import { systemActor, type Actor, type EventDraft } from '../../core/events.ts';
import type { ReleaseId } from '../../core/ids.ts';

/** What the journal keeps about pipelines, in the chain of the app's builds. */
export interface PipelineEventPayloads {
  readonly 'pipeline-queued': Run & { readonly release: ReleaseId; readonly commit: string };
  readonly 'pipeline-begun': Run;
  /** The intent: written before the job is started. */
  readonly 'pipeline-job-started': Run & { readonly job: string; readonly attempt: number; readonly key: string };
  readonly 'pipeline-job-ended': Run & {
    readonly job: string;
    readonly state: 'passed' | 'failed' | 'cancelled' | 'skipped';
    readonly exitCode: number | null;
    readonly note: string | null;
  };
  /** It shall end. `newer`: the run that takes its place; null: a person said so. */
  readonly 'pipeline-cancelled': Run & { readonly newer: string | null };
  readonly 'pipeline-ended': Run & {
    readonly release: ReleaseId;
    readonly state: 'passed' | 'failed' | 'cancelled';
    readonly note: string | null;
  };
}

interface Run {
  readonly run: string;
}

export function pipelineEvent<Type extends keyof PipelineEventPayloads>(
  type: Type,
  payload: PipelineEventPayloads[Type],
  { by = systemActor, reason = null }: { readonly by?: Actor; readonly reason?: string | null } = {},
): EventDraft {
  return { type, version: 1, actor: by, reason, correlationId: payload.run, payload };
}
