import { setTimeout as wait } from 'node:timers/promises';
import { LotseError, sayError, toLotseError } from '../../core/errors.ts';
import type { Actor } from '../../core/events.ts';
import type { AppName, ReleaseId } from '../../core/ids.ts';
import type { Secret } from '../../core/secret.ts';
import type { PipelineDefinition, PipelineJobDefinition } from '../../manifest/app-manifest.ts';
import { buildPlace } from '../../manifest/names.ts';
import type { Target, Variables } from '../../ports/targets/targets.ts';
import type { ReadReport } from '../../reports/read-report.ts';
import type { ObservedJob } from '../../rollout/facts.ts';
import { collectJob } from './collect-job.ts';
import { commandScript } from './command-script.ts';
import { keyOfJob, nameOfRun, workspaceOf, type PipelineJob } from './pipeline.ts';
import type { JobEnd, KnownRun, PipelineBook } from './pipeline-rows.ts';
import type { Workspaces } from './workspaces.ts';

/** What a report says about a release, under a name that tells it from others. */
export interface FoundReport {
  readonly app: AppName;
  readonly release: ReleaseId;
  readonly name: string;
  readonly report: ReadReport;
}

export interface JobLifeParts {
  readonly book: Pick<PipelineBook, 'noteCache'>;
  readonly target: Pick<Target, 'startJob' | 'observeJob' | 'cancelJob'>;
  readonly workspaces: Workspaces;
  /** Values of secrets of builds. Errors: `not-found` names what has no value; `sealed`, `unreachable`. */
  readonly secrets: (wanted: {
    readonly app: AppName;
    readonly commit: string;
    readonly names: readonly string[];
    readonly by: Actor;
  }) => Promise<Readonly<Record<string, Secret>>>;
  /** Records it. The same report again is the same evidence. Errors: `verification-failed` (tests have failed), `bad-input`. */
  readonly addEvidence: (found: FoundReport) => Promise<void>;
  /** Puts known secrets out of sight. */
  readonly hide: (text: string) => string;
  readonly log: (about: object) => void;
}

export interface LivingJob {
  readonly run: KnownRun;
  readonly job: PipelineJob;
  readonly pipeline: PipelineDefinition;
  /** Keys of jobs that are kept no longer. */
  readonly forgets: readonly string[];
  /** Aborted: it shall end. */
  readonly stop: AbortSignal;
  /** Aborted: this control plane closes, and the job goes on. */
  readonly closing: AbortSignal;
}

const askEveryMs = 250;
const retryMs = 2_000;
/** So often a job is begun when nobody knows how it ended: it has a folder of its own, so it may simply run again. */
const mostAttempts = 2;

/** `again`: nobody knows how it ended, and it may be tried once more. Null: the control plane closes. */
export type LifeEnd = JobEnd | 'again' | null;

/**
 * One attempt of a job from wherever it stands: its folder is laid out and it is started, unless the target knows it
 * already; then it is followed to its end, and what it leaves is collected. May be called again after a crash.
 */
export async function liveJob(parts: JobLifeParts, living: LivingJob): Promise<LifeEnd> {
  const { run, job, stop, closing } = living;
  const key = keyOfJob(run, job);
  const definition = definitionOf(living);
  while (!closing.aborted) {
    const seen = await look(parts, key);
    if (seen === null) {
      if (stop.aborted) return cancelled(null);
      const problem = await tryStart(parts, living, definition);
      if (problem !== null) return { state: 'failed', exitCode: null, note: problem, hasArtifacts: false };
    } else if (seen !== 'unseen' && seen.state !== 'running') {
      return await settle(parts, living, definition, seen);
    }
    await wait(seen === 'unseen' ? retryMs : askEveryMs, undefined, { signal: closing }).catch(() => undefined);
  }
  return null;
}

function definitionOf({ pipeline, job }: LivingJob): PipelineJobDefinition {
  const found = pipeline.jobs.find((each) => each.job === job.job);
  if (found === undefined) throw new LotseError('internal', `the pipeline has no job ${job.job}`);
  return found;
}

function cancelled(exitCode: number | null): JobEnd {
  return { state: 'cancelled', exitCode, note: null, hasArtifacts: false };
}

/** Of a target that does not answer nothing is known. */
async function look({ target, log }: JobLifeParts, key: string): Promise<ObservedJob | null | 'unseen'> {
  try {
    return await target.observeJob(key);
  } catch (error) {
    log({ during: `looking at ${key}`, error: toLotseError(error).message });
    return 'unseen';
  }
}

/** Why it can never be started; null: it was, or is tried again. */
async function tryStart(parts: JobLifeParts, living: LivingJob, definition: PipelineJobDefinition) {
  try {
    await start(parts, living, definition);
    return null;
  } catch (thrown) {
    const error = toLotseError(thrown);
    if (!error.retriable) return `could not be started: ${sayError(error)}`;
    parts.log({ during: `starting ${keyOfJob(living.run, living.job)}`, error: error.message });
    await wait(retryMs, undefined, { signal: AbortSignal.any([living.closing, living.stop]) }).catch(() => undefined);
    return null;
  }
}

/** The target starts a key once, so this may be repeated: after a failure, and after a crash. */
async function start(parts: JobLifeParts, living: LivingJob, definition: PipelineJobDefinition): Promise<void> {
  const { run, job, stop, forgets } = living;
  const id = workspaceOf(run, job);
  await layOut(parts, living, definition, id);
  const variables = await variablesOf(parts, living, definition);
  if (stop.aborted) return;
  await parts.target.startJob({
    ...{ app: run.app, environment: buildPlace, key: keyOfJob(run, job), revision: nameOfRun(run) },
    ...{ target: 'process', artifact: id, argv: commandScript(definition.commands), root: definition.root },
    ...{ variables, storeFolders: [parts.workspaces.folderOf(id)], withinMs: definition.withinMs, forgets },
  });
}

/** The source, what earlier runs have kept, and what the jobs before hand on, one upon the other. */
async function layOut(
  { workspaces, book }: JobLifeParts,
  { run, job, pipeline }: LivingJob,
  { cache, needs }: PipelineJobDefinition,
  id: string,
): Promise<void> {
  await workspaces.layOut(id, workspaces.sourceOf(run.app, run.release));
  if (cache !== null) {
    const key = await workspaces.cacheKey(id, cache);
    await workspaces.noteCacheKey(id, key);
    const isThere = await workspaces.restore(id, workspaces.cacheOf(run.app, key), cache.paths);
    await book.noteCache(run, job.job, isThere ? 'hit' : 'miss');
  }
  for (const { job: before, artifacts } of pipeline.jobs.filter((each) => needs.includes(each.job)))
    await workspaces.restore(id, workspaces.artifactsOf(run.app, nameOfRun(run), before), artifacts);
}

/** Nothing of an environment: neither its config nor its secrets. */
async function variablesOf(
  { secrets }: JobLifeParts,
  { run, job }: LivingJob,
  { config, secrets: names }: PipelineJobDefinition,
): Promise<Variables> {
  const { app, commit, release, by } = run;
  const values = names.length === 0 ? {} : await secrets({ app, commit, names, by });
  const own = {
    LOTSE_APP: app,
    LOTSE_RELEASE: release,
    LOTSE_COMMIT: commit,
    LOTSE_PIPELINE: nameOfRun(run),
    LOTSE_JOB: job.job,
  };
  return { CI: 'true', ...config, ...values, ...own };
}

async function settle(
  parts: JobLifeParts,
  living: LivingJob,
  definition: PipelineJobDefinition,
  seen: ObservedJob,
): Promise<LifeEnd> {
  const { job, stop } = living;
  if (stop.aborted) return cancelled(seen.exitCode);
  if (seen.state === 'lost') {
    if (job.attempt < mostAttempts) return 'again';
    return { state: 'failed', exitCode: null, note: 'nobody knows how it ended', hasArtifacts: false };
  }
  const collected = await collectJob(parts, living, definition, seen.state === 'succeeded');
  const note = collected.note ?? (seen.state === 'failed' ? whyFailed(seen) : null);
  return { ...collected, exitCode: seen.exitCode, note: note === null ? null : parts.hide(note).slice(0, 1000) };
}

function whyFailed({ exitCode, signal, logTail }: ObservedJob): string {
  const last = logTail.at(-1) ?? '';
  if (last.startsWith('Lotse: ')) return last.slice('Lotse: '.length).replace(/\.$/, '');
  return signal === null ? `ended with status ${exitCode ?? 'unknown'}` : `was ended by ${signal}`;
}
