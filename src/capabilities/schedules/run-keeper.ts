import type { UnixMs } from '../../core/ids.ts';
import { LotseError, sayError, toLotseError } from '../../core/errors.ts';
import type { ObservedJob } from '../../rollout/facts.ts';
import type { JobDefinition, Revision } from '../../rollout/release.ts';
import { lateStartMs } from './due-runs.ts';
import type { RunEnd, ScheduledRun, ScheduleName } from './schedule-rows.ts';
import type { SchedulerParts } from './scheduler.ts';

/** What a run is started with. */
interface Order {
  readonly revision: Revision;
  readonly definition: JobDefinition;
  /** Keys of earlier runs whose records and logs are kept no longer. */
  readonly forgets: readonly string[];
}

interface KeptRun {
  readonly run: ScheduledRun;
  /** Null: an earlier control plane wrote the intent. */
  readonly order: Order | null;
  /** It is known to the target. */
  readonly isStarted: boolean;
  readonly isOverdue: boolean;
  readonly askedAt: UnixMs;
  /** Why it could not be started yet. */
  readonly problem: string | null;
}

/** A run that is under way is looked at so often, in milliseconds; in its first seconds at each look. */
const askEveryMs = 5_000;
/** A target ends a job at its deadline, after its grace: what is not over so much later is reported, in milliseconds. */
const overdueAfterMs = 60_000;

/** Runs that have not ended: started under their key until the target knows them, then followed to their end. */
export class RunKeeper {
  readonly #parts: SchedulerParts;
  readonly #runs = new Map<string, KeptRun>();
  readonly #busy = new Map<string, Promise<void>>();
  #isClosing = false;

  constructor(parts: SchedulerParts) {
    this.#parts = parts;
  }

  async open(): Promise<void> {
    for (const run of await this.#parts.book.running()) this.#keep(run, null);
  }

  /** The intent is written: it is started now. */
  take(run: ScheduledRun, order: Order): void {
    this.#keep(run, order);
    this.look();
  }

  runningOf({ app, environment, job }: ScheduleName): ScheduledRun | null {
    const kept = [...this.#runs.values()].find(
      ({ run }) => run.app === app && run.environment === environment && run.job === job,
    );
    return kept?.run ?? null;
  }

  /** Asks how those are that are due to be asked about. */
  look(): void {
    if (this.#isClosing) return;
    for (const [key, { run, askedAt }] of this.#runs) {
      const now = this.#parts.now();
      const isYoung = Math.abs(now - run.startedAt) < 2 * askEveryMs;
      if (this.#busy.has(key) || (!isYoung && Math.abs(now - askedAt) < askEveryMs)) continue;
      this.#change(key, { askedAt: now });
      const asked = this.#advance(key)
        .catch((error: unknown) => this.#parts.log({ during: `the run ${key}`, error: toLotseError(error).message }))
        .finally(() => this.#busy.delete(key));
      this.#busy.set(key, asked);
    }
  }

  async settled(): Promise<void> {
    await Promise.all(this.#busy.values());
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await this.settled();
  }

  #keep(run: ScheduledRun, order: Order | null): void {
    const { isOverdue } = run;
    this.#runs.set(run.key, { run, order, isOverdue, isStarted: false, askedAt: 0, problem: null });
  }

  #change(key: string, change: Partial<KeptRun>): void {
    const kept = this.#runs.get(key);
    if (kept !== undefined) this.#runs.set(key, { ...kept, ...change });
  }

  async #advance(key: string): Promise<void> {
    const kept = this.#runs.get(key);
    if (kept === undefined) return;
    const seen = await this.#observe(kept);
    if (seen === 'unseen') return await this.#tellOverdue(kept);
    if (seen === null) return await this.#start(kept);
    this.#change(key, { isStarted: true });
    if (seen.state === 'running') return await this.#tellOverdue(kept);
    const { state, exitCode, signal, logTail } = seen;
    const last = logTail.at(-1) ?? '';
    await this.#finish(kept, { state, exitCode, signal, note: last.startsWith('Lotse: ') ? last.slice(7) : null });
  }

  /** Of a target that does not answer nothing is known. */
  async #observe({ run }: KeptRun): Promise<ObservedJob | null | 'unseen'> {
    try {
      return await this.#parts.target.observeJob(run.key);
    } catch (error) {
      this.#parts.log({ during: `looking at ${run.key}`, error: toLotseError(error).message });
      return 'unseen';
    }
  }

  /** The target starts a key once, so this may be repeated: after a failure, and after a crash. */
  async #start(kept: KeptRun): Promise<void> {
    const { run, isStarted } = kept;
    if (isStarted) return await this.#finish(kept, { ...neverKnown, state: 'lost', note: 'its record is gone' });
    const schedule = (await this.#definition(kept)).schedule;
    const latestMs = run.dueAt + (schedule === undefined ? 0 : lateStartMs(schedule, run.dueAt));
    const isTooLate = this.#parts.now() > Math.max(latestMs, run.startedAt + askEveryMs);
    if (isTooLate) {
      const note = kept.problem ?? 'Lotse was not there to start it';
      return await this.#finish(kept, { ...neverKnown, state: 'not-started', note });
    }
    try {
      const revision = kept.order?.revision ?? (await this.#parts.revision(run, run.revision));
      const definition = await this.#definition(kept);
      const variables = await this.#parts.given(run, run.key, definition);
      const wanted = { key: run.key, revision, definition, variables };
      await this.#parts.engine.startJob(run, { ...wanted, forgets: kept.order?.forgets ?? [] });
      this.#change(run.key, { isStarted: true });
    } catch (thrown) {
      const error = toLotseError(thrown);
      if (!error.retriable && error.code !== 'internal')
        return await this.#finish(kept, { ...neverKnown, state: 'not-started', note: sayError(error) });
      this.#change(run.key, { problem: sayError(error) });
    }
  }

  async #definition({ run, order }: KeptRun): Promise<JobDefinition> {
    const known = order?.definition;
    if (known !== undefined) return known;
    const { jobs } = await this.#parts.revision(run, run.revision);
    const found = jobs.find((job) => job.job === run.job);
    if (found === undefined) throw new LotseError('internal', `${run.revision} has no job ${run.job}`);
    return found;
  }

  async #tellOverdue(kept: KeptRun): Promise<void> {
    const { run, isOverdue } = kept;
    if (isOverdue) return;
    const { withinMs } = await this.#definition(kept);
    if (this.#parts.now() < run.startedAt + withinMs + overdueAfterMs) return;
    await this.#parts.book.tellOverdue(run, withinMs);
    this.#change(run.key, { isOverdue: true });
    // Once more, should the first order to end it have been lost.
    await this.#parts.target.cancelJob(run.key).catch(() => undefined);
  }

  async #finish({ run }: KeptRun, end: Omit<RunEnd, 'endedAt'>): Promise<void> {
    await this.#parts.book.finish(run, { ...end, endedAt: this.#parts.now() });
    this.#runs.delete(run.key);
  }
}

const neverKnown = { exitCode: null, signal: null } as const;
