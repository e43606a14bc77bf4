import { setTimeout as wait } from 'node:timers/promises';
import { toLotseError } from '../../core/errors.ts';
import type { AppName, ReleaseId } from '../../core/ids.ts';
import type { PipelineDefinition } from '../../manifest/app-manifest.ts';
import { liveJob, type JobLifeParts, type LifeEnd } from './job-life.ts';
import { decidePipelines, keyOfJob, nameOfRun, workspaceOf, type Decision, type PipelineJob } from './pipeline.ts';
import type { JobEnd, KnownRun, PipelineBook } from './pipeline-rows.ts';

export interface RunnerParts extends JobLifeParts {
  readonly book: PipelineBook;
  /** What the release's manifest declares. Errors: `not-found`. */
  readonly definition: (app: AppName, release: ReleaseId) => Promise<PipelineDefinition>;
  /** Releases whose runs keep their files, however old they are. */
  readonly needed: (app: AppName) => Promise<ReadonlySet<ReleaseId>>;
  /** So many jobs run side by side. */
  readonly atOnce: number;
}

/** Of each app so many runs keep their source, logs and artifacts. */
const runsKept = 30;
/** How often is looked at what is under way, in milliseconds; at a change at once. */
const lookEveryMs = 250;
/** And how often when nothing is. */
const restMs = 60_000;

interface Life {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

/** Brings runs of pipelines from where they stand to their end. What it knows it reads again after a crash. */
export class PipelineRunner {
  readonly #parts: RunnerParts;
  readonly #closing = new AbortController();
  readonly #lives = new Map<string, Life>();
  /** Keys of jobs whose runs keep their files no longer, until a job is started that takes them along. */
  #forgets: readonly string[] = [];
  #wake = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  /** Takes up what an earlier control plane has left. */
  async start(): Promise<void> {
    const { workspaces, book } = this.#parts;
    await workspaces.open();
    const running = (await book.open()).flatMap((run) =>
      run.jobs.filter(({ state }) => state === 'running').map((job) => workspaceOf(run, job)),
    );
    await workspaces.removeOthers(running);
    this.#loop = this.#run();
  }

  /** There is something new to look at. */
  wake(): void {
    this.#wake.abort();
  }

  /** Jobs go on; a later runner takes them up. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#wake.abort();
    await this.#loop;
    await Promise.all([...this.#lives.values()].map(({ ended }) => ended));
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      this.#wake = new AbortController();
      const isBusy = await this.#look().catch((error: unknown) => {
        this.#log('looking at pipelines', error);
        return true;
      });
      const woken = AbortSignal.any([signal, this.#wake.signal]);
      await wait(isBusy ? lookEveryMs : restMs, undefined, { signal: woken }).catch(() => undefined);
    }
  }

  /** Whether anything is under way. */
  async #look(): Promise<boolean> {
    const { book, atOnce } = this.#parts;
    for (;;) {
      const open = await book.open();
      const decisions = decidePipelines(open, atOnce);
      for (const decision of decisions) await this.#perform(decision);
      if (decisions.some(({ kind }) => kind !== 'stop-job')) continue;
      for (const run of open) for (const job of run.jobs) if (job.state === 'running') this.#keepAlive(run, job);
      return open.length > 0;
    }
  }

  async #perform(decision: Decision): Promise<void> {
    const { book, target } = this.#parts;
    const { run } = decision;
    switch (decision.kind) {
      case 'begin-run':
        return await book.begin(run);
      case 'cancel-run': {
        const newer = nameOfRun(decision.newer);
        return await book.cancel(run, `it was cancelled: ${newer} is newer`, newer);
      }
      case 'begin-job':
        return await book.startJob(run, { job: decision.job }, 1);
      case 'drop-job': {
        const note = decision.because === null ? null : `${decision.because} has not passed`;
        const state = decision.because === null ? 'cancelled' : 'skipped';
        return await book.endJob(run, decision.job, { state, exitCode: null, note, hasArtifacts: false });
      }
      case 'stop-job': {
        const job = run.jobs.find((each) => each.job === decision.job);
        if (job === undefined) return;
        const key = keyOfJob(run, job);
        this.#lives.get(key)?.stop.abort();
        return await target.cancelJob(key).catch((error: unknown) => this.#log(`ending ${key}`, error));
      }
      case 'end-run':
        return await this.#endRun(decision);
    }
  }

  async #endRun({ run, state, failed }: Extract<Decision, { kind: 'end-run' }>): Promise<void> {
    const { book } = this.#parts;
    const known = await book.find(run);
    if (known === null) return;
    const why = failed === null ? known.note : `${failed.job} ${sayNote(failed)}`;
    await book.end(known, state, state === 'passed' ? null : why);
    await this.#trim(run.app).catch((error: unknown) => this.#log('taking away old runs', error));
  }

  #keepAlive(run: KnownRun, job: PipelineJob): void {
    const key = keyOfJob(run, job);
    if (this.#lives.has(key) || this.#closing.signal.aborted) return;
    const stop = new AbortController();
    if (run.isCancelled) stop.abort();
    const ended = this.#live(run, job, stop.signal)
      .catch((error: unknown) => this.#log(`the job ${key}`, error))
      .finally(() => {
        this.#lives.delete(key);
        this.wake();
      });
    this.#lives.set(key, { stop, ended });
  }

  async #live(run: KnownRun, job: PipelineJob, stop: AbortSignal): Promise<void> {
    const { book, workspaces } = this.#parts;
    const forgets = this.#forgets;
    const end = await this.#liveJob(run, job, stop, forgets);
    if (end === null) return;
    this.#forgets = this.#forgets.filter((key) => !forgets.includes(key));
    if (end === 'again') await book.startJob(run, job, job.attempt + 1);
    else await book.endJob(run, job.job, end);
    await workspaces.remove(workspaceOf(run, job));
  }

  /** A mistake of ours ends the job, and not the others. */
  async #liveJob(run: KnownRun, job: PipelineJob, stop: AbortSignal, forgets: readonly string[]): Promise<LifeEnd> {
    try {
      const pipeline = await this.#parts.definition(run.app, run.release);
      return await liveJob(this.#parts, { run, job, pipeline, forgets, stop, closing: this.#closing.signal });
    } catch (thrown) {
      const error = toLotseError(thrown);
      if (error.retriable || this.#closing.signal.aborted) throw error;
      this.#log(`the job ${keyOfJob(run, job)}`, error);
      return { state: 'failed', exitCode: null, note: error.message, hasArtifacts: false } satisfies JobEnd;
    }
  }

  /** Keeps the files of the latest runs, and of what serves somewhere. */
  async #trim(app: AppName): Promise<void> {
    const { book, workspaces, needed } = this.#parts;
    const runs = await book.withFiles(app);
    if (runs.length <= runsKept) return;
    const serving = await needed(app);
    const old = runs.slice(runsKept).filter(({ release, endedAt }) => endedAt !== null && !serving.has(release));
    for (const run of old) {
      await book.forgetFiles(run);
      await workspaces.removeRun(app, nameOfRun(run));
      const isLast = runs.every((each) => each.release !== run.release || old.includes(each));
      if (isLast) await workspaces.removeSource(app, run.release);
      this.#forgets = [...this.#forgets, ...run.jobs.map((job) => keyOfJob(run, job))];
    }
  }

  #log(during: string, error: unknown): void {
    this.#parts.log({ during, error: toLotseError(error).message });
  }
}

function sayNote({ state, note }: PipelineJob): string {
  if (note === null) return state;
  return /^(?:ended|was|could) /.test(note) ? note : `has failed: ${note}`;
}
