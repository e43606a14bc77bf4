import type { UnixMs } from '../../core/ids.ts';
import type { PipelineStanding } from '../../rollout/gate.ts';

/**
 * What is decided about runs of pipelines, apart from doing it: which run begins, which job is due, what a failure and a
 * newer run mean for the others.
 */

export type RunState = PipelineStanding['state'];
export type JobState = 'waiting' | 'running' | 'passed' | 'failed' | 'cancelled' | 'skipped';

export interface PipelineJob {
  readonly job: string;
  readonly needs: readonly string[];
  readonly state: JobState;
  /** 1, or 2 where nobody knows how the first one ended. */
  readonly attempt: number;
  readonly startedAt: UnixMs | null;
  readonly endedAt: UnixMs | null;
  readonly exitCode: number | null;
  readonly cache: 'hit' | 'miss' | null;
  readonly hasArtifacts: boolean;
  /** What Lotse says about its end. */
  readonly note: string | null;
}

export interface PipelineRun {
  readonly app: string;
  readonly number: number;
  readonly state: RunState;
  /** Somebody, or a newer run, has said that it shall end. */
  readonly isCancelled: boolean;
  /** Runs of one group are in each other's way; null: this one is in nobody's. */
  readonly group: string | null;
  readonly newer: 'cancels' | 'waits' | null;
  /** In the order of the file. */
  readonly jobs: readonly PipelineJob[];
}

export type Decision =
  | { readonly kind: 'cancel-run'; readonly run: PipelineRun; readonly newer: PipelineRun }
  | { readonly kind: 'begin-run'; readonly run: PipelineRun }
  | { readonly kind: 'begin-job'; readonly run: PipelineRun; readonly job: string }
  /** It runs and shall not; may be said again until it has ended. */
  | { readonly kind: 'stop-job'; readonly run: PipelineRun; readonly job: string }
  /** It never begins. `because`: the job that it needs and that has not passed; null: the run was cancelled. */
  | { readonly kind: 'drop-job'; readonly run: PipelineRun; readonly job: string; readonly because: string | null }
  | {
      readonly kind: 'end-run';
      readonly run: PipelineRun;
      readonly state: 'passed' | 'failed' | 'cancelled';
      /** The first job in the file's order that has not passed by itself. */
      readonly failed: PipelineJob | null;
    };

const isOver = ({ state }: PipelineJob) => state !== 'waiting' && state !== 'running';
const hasBroken = ({ state }: PipelineJob) => state === 'failed' || state === 'cancelled' || state === 'skipped';

/**
 * All that follows from how things stand. `open`: every run that is queued or running, of all apps, the oldest first;
 * `atOnce`: so many jobs run side by side. Asked again once all of it is done, until nothing follows.
 */
export function decidePipelines(open: readonly PipelineRun[], atOnce: number): readonly Decision[] {
  const running = open.flatMap(({ jobs }) => jobs.filter(({ state }) => state === 'running')).length;
  let free = Math.max(0, atOnce - running);
  return open.flatMap((run): readonly Decision[] => {
    if (run.isCancelled) return winding(run);
    if (run.state === 'queued') return beginning(run, olderThan(run, open));
    const decisions = going(run, free);
    free -= decisions.filter(({ kind }) => kind === 'begin-job').length;
    return decisions;
  });
}

function olderThan({ app, group, number }: PipelineRun, open: readonly PipelineRun[]): readonly PipelineRun[] {
  if (group === null) return [];
  return open.filter((each) => each.app === app && each.group === group && each.number < number);
}

/** A run begins when nothing of its group is under way any more. */
function beginning(run: PipelineRun, older: readonly PipelineRun[]): readonly Decision[] {
  if (older.length === 0) return [{ kind: 'begin-run', run }];
  if (run.newer !== 'cancels') return [];
  return older.flatMap((each): readonly Decision[] =>
    each.isCancelled ? [] : [{ kind: 'cancel-run', run: each, newer: run }],
  );
}

function winding(run: PipelineRun): readonly Decision[] {
  const decisions = run.jobs.flatMap((each): readonly Decision[] => {
    if (each.state === 'running') return [{ kind: 'stop-job', run, job: each.job }];
    return each.state === 'waiting' ? [{ kind: 'drop-job', run, job: each.job, because: null }] : [];
  });
  return decisions.length > 0 ? decisions : [{ kind: 'end-run', run, state: 'cancelled', failed: null }];
}

/** A job that has failed ends those that need it, and lets the others go on. */
function going(run: PipelineRun, free: number): readonly Decision[] {
  const byName = new Map(run.jobs.map((each) => [each.job, each]));
  const decisions: Decision[] = [];
  let left = free;
  for (const { job, needs, state } of run.jobs) {
    if (state !== 'waiting') continue;
    const needed = needs.flatMap((name) => byName.get(name) ?? []);
    const broken = needed.find(hasBroken);
    if (broken !== undefined) decisions.push({ kind: 'drop-job', run, job, because: broken.job });
    else if (left > 0 && needed.every((each) => each.state === 'passed')) {
      decisions.push({ kind: 'begin-job', run, job });
      left -= 1;
    }
  }
  if (!run.jobs.every(isOver)) return decisions;
  const failed = run.jobs.find(({ state }) => state === 'failed' || state === 'cancelled') ?? null;
  const state = run.jobs.every((each) => each.state === 'passed') ? 'passed' : 'failed';
  return [{ kind: 'end-run', run, state, failed }];
}

/** Unique in its app. */
export function nameOfRun({ number }: Pick<PipelineRun, 'number'>): string {
  return `pipeline-${number}`;
}

/** Null: it is no name of a run. */
export function numberOfRun(name: string): number | null {
  const digits = /^pipeline-([1-9]\d{0,8})$/.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** The run, and so the job, is named for ever: whoever starts it again starts nothing. */
export function keyOfJob(
  run: Pick<PipelineRun, 'app' | 'number'>,
  { job, attempt }: Pick<PipelineJob, 'job' | 'attempt'>,
) {
  return `${run.app}/build/${nameOfRun(run)}/${job}/${attempt}`;
}

/** Each attempt has a folder of its own. */
export function workspaceOf(
  run: Pick<PipelineRun, 'app' | 'number'>,
  { job, attempt }: Pick<PipelineJob, 'job' | 'attempt'>,
): string {
  return `${run.app}.${nameOfRun(run)}.${job}.${attempt}`;
}
