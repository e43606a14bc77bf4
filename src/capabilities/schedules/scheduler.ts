import { setTimeout as wait } from 'node:timers/promises';
import { toLotseError } from '../../core/errors.ts';
import { chainOf, type RevisionId, type Scope, type UnixMs } from '../../core/ids.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Target, Variables } from '../../ports/targets/targets.ts';
import type { JobDefinition, Revision } from '../../rollout/release.ts';
import { dueRuns, isLookedAtInFuture } from './due-runs.ts';
import { RunKeeper } from './run-keeper.ts';
import { scheduleOn } from './schedule-on.ts';
import type { KnownSchedule, ScheduleBook, ScheduledRun } from './schedule-rows.ts';

export interface SchedulerParts {
  readonly book: ScheduleBook;
  readonly engine: Pick<Engine, 'view' | 'startJob'>;
  readonly target: Pick<Target, 'observeJob' | 'cancelJob'>;
  /** All environments that have had a release. */
  readonly scopes: () => Promise<readonly Scope[]>;
  /** Errors: `not-found`. */
  readonly revision: (scope: Scope, id: RevisionId) => Promise<Revision>;
  /**
   * What a run is given beyond what every job is, asked right before it is started; may be asked again. Errors that are not
   * retriable say why it cannot be started.
   */
  readonly given: (scope: Scope, key: string, definition: JobDefinition) => Promise<Variables>;
  readonly now: () => UnixMs;
  readonly log: (about: object) => void;
}

/** How often is looked at what is due, in milliseconds: so often, whatever the clock is set to meanwhile. */
const lookEveryMs = 1_000;

/** Starts jobs when they are due, each run once, and follows them to their end. */
export class Scheduler {
  readonly #parts: SchedulerParts;
  readonly #runs: RunKeeper;
  readonly #closing = new AbortController();
  readonly #known = new Map<string, KnownSchedule>();
  /** Schedules that something is written about now. */
  readonly #busy = new Map<string, Promise<void>>();
  readonly #revisions = new Map<string, Revision>();
  #scopes: readonly Scope[] | null = null;
  #loop: Promise<void> = Promise.resolve();

  constructor(parts: SchedulerParts) {
    this.#parts = parts;
    this.#runs = new RunKeeper(parts);
  }

  /** Takes up schedules and runs where an earlier control plane left them. */
  async open(): Promise<void> {
    for (const schedule of await this.#parts.book.schedules()) this.#known.set(nameOf(schedule), schedule);
    await this.#runs.open();
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** There may be an environment that was not there before. */
  forgetScopes(): void {
    this.#scopes = null;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#loop;
    await Promise.all(this.#busy.values());
    await this.#runs.close();
  }

  /** One look at all environments. A schedule that hangs holds up no other one. */
  async look(): Promise<void> {
    this.#scopes ??= await this.#parts.scopes();
    for (const scope of this.#scopes) await this.#lookAt(scope);
    this.#runs.look();
  }

  /** Resolves when nothing is written any more that a look has begun. */
  async settled(): Promise<void> {
    await Promise.all(this.#busy.values());
    await this.#runs.settled();
  }

  /** What serves in an environment, as far as its schedules hold. */
  async serving(scope: Scope): Promise<Revision | null> {
    const on = scheduleOn(this.#parts.engine.view(scope));
    return on.kind === 'revision' ? await this.#revision(scope, on.revision) : null;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.look().catch((error: unknown) =>
        this.#parts.log({ during: 'looking at schedules', error: toLotseError(error).message }),
      );
      await wait(lookEveryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #lookAt(scope: Scope): Promise<void> {
    const on = scheduleOn(this.#parts.engine.view(scope));
    if (on.kind === 'hold') return;
    const revision = on.kind === 'nothing' ? null : await this.#revision(scope, on.revision);
    const wanted = (revision?.jobs ?? []).filter((job) => job.schedule !== undefined);
    for (const known of [...this.#known.values()].filter((each) => chainOf(each) === chainOf(scope)))
      if (wanted.every((job) => job.job !== known.job)) this.#change(known, async () => await this.#drop(known));
    for (const job of wanted) this.#lookAtJob(scope, revision, job);
  }

  #lookAtJob(scope: Scope, revision: Revision | null, job: JobDefinition): void {
    if (revision === null || job.schedule === undefined) return;
    const now = this.#parts.now();
    const name = { app: scope.app, environment: scope.environment, job: job.job };
    const known = this.#known.get(nameOf(name));
    const isSame = known?.cron === job.schedule.cron && known.timezone === job.schedule.timezone;
    if (known === undefined || !isSame || isLookedAtInFuture(known.lookedAt, now)) {
      const begun = { ...name, ...job.schedule, lookedAt: now };
      return this.#change(name, async () => {
        await this.#parts.book.begin(begun);
        this.#known.set(nameOf(begun), begun);
      });
    }
    const { due, missed } = dueRuns(known, known.lookedAt, now);
    if (due === null && missed === null) return;
    this.#change(name, async () => {
      const looked = { ...known, lookedAt: Math.max(now, known.lookedAt) };
      if (missed !== null) await this.#parts.book.miss({ ...looked, lookedAt: missed.last }, missed);
      if (due !== null) await this.#startRun(looked, revision, job, due);
      this.#known.set(nameOf(known), looked);
    });
  }

  async #startRun(
    schedule: KnownSchedule,
    revision: Revision,
    definition: JobDefinition,
    dueAt: UnixMs,
  ): Promise<void> {
    const { app, environment, job } = schedule;
    const running = this.#runs.runningOf(schedule);
    if (running !== null) return await this.#parts.book.skip(schedule, dueAt, running);
    if (await this.#parts.book.hasRun(schedule, dueAt)) return;
    const run: ScheduledRun = {
      ...{ app, environment, job, dueAt, key: keyOf(schedule, dueAt), revision: revision.id },
      ...{
        state: 'running',
        startedAt: this.#parts.now(),
        endedAt: null,
        exitCode: null,
        note: null,
        isOverdue: false,
      },
    };
    const forgets = await this.#parts.book.start(schedule, run);
    this.#runs.take(run, { revision, definition, forgets });
  }

  async #drop(known: KnownSchedule): Promise<void> {
    await this.#parts.book.end(known);
    this.#known.delete(nameOf(known));
  }

  #change(about: Pick<KnownSchedule, 'app' | 'environment' | 'job'>, work: () => Promise<void>): void {
    const name = nameOf(about);
    if (this.#busy.has(name)) return;
    const done = work()
      .catch((error: unknown) =>
        this.#parts.log({ during: `the schedule of ${name}`, error: toLotseError(error).message }),
      )
      .finally(() => this.#busy.delete(name));
    this.#busy.set(name, done);
  }

  async #revision(scope: Scope, id: RevisionId): Promise<Revision> {
    const name = `${chainOf(scope)}/${id}`;
    const revision = this.#revisions.get(name) ?? (await this.#parts.revision(scope, id));
    this.#revisions.delete(name);
    this.#revisions.set(name, revision);
    for (const oldest of this.#revisions.keys()) if (this.#revisions.size > 200) this.#revisions.delete(oldest);
    return revision;
  }
}

function nameOf({ app, environment, job }: Pick<KnownSchedule, 'app' | 'environment' | 'job'>): string {
  return `${app}/${environment}/${job}`;
}

/** The moment at which it is due is its name: whoever starts it again starts nothing. */
function keyOf(schedule: KnownSchedule, dueAt: UnixMs): string {
  return `${nameOf(schedule)}/${new Date(dueAt).toISOString().replace('.000Z', 'Z')}`;
}
