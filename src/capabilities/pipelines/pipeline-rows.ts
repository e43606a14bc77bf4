import { z } from 'zod';
import type { Actor } from '../../core/events.ts';
import { chainOf, type AppName, type ReleaseId, type UnixMs } from '../../core/ids.ts';
import type { DatabaseJournal } from '../../database/journal.ts';
import { decodeJson, encodeJson } from '../../database/json-column.ts';
import type { Database } from '../../database/open-database.ts';
import type { PipelineJobsTable, PipelineRunsTable } from '../../database/pipeline-tables.ts';
import type { LotseDb, Transaction } from '../../database/schema.ts';
import { buildPlace } from '../../manifest/names.ts';
import type { PipelineDefinition } from '../../manifest/app-manifest.ts';
import { keyOfJob, nameOfRun, type PipelineJob, type PipelineRun } from './pipeline.ts';
import { pipelineEvent } from './pipeline-events.ts';

interface PipelineRowParts {
  readonly database: Database;
  readonly journal: DatabaseJournal;
  readonly fence: () => number;
  readonly now: () => UnixMs;
}

/** A run with what it is for and how it came. */
export interface KnownRun extends PipelineRun {
  readonly release: ReleaseId;
  readonly commit: string;
  readonly branch: string | null;
  readonly note: string | null;
  readonly by: Actor;
  readonly createdAt: UnixMs;
  readonly startedAt: UnixMs | null;
  readonly endedAt: UnixMs | null;
  readonly hasFiles: boolean;
}

export interface NewRun {
  readonly app: AppName;
  readonly release: ReleaseId;
  readonly commit: string;
  readonly branch: string | null;
  readonly definition: PipelineDefinition;
  readonly by: Actor;
}

export interface JobEnd {
  readonly state: 'passed' | 'failed' | 'cancelled' | 'skipped';
  readonly exitCode: number | null;
  readonly note: string | null;
  readonly hasArtifacts: boolean;
}

type RunName = Pick<PipelineRun, 'app' | 'number'>;

/** Runs of pipelines in the control plane's database, each change with its event in one transaction. */
export class PipelineBook {
  readonly #parts: PipelineRowParts;

  constructor(parts: PipelineRowParts) {
    this.#parts = parts;
  }

  get #db(): LotseDb {
    return this.#parts.database.db;
  }

  /** All that are queued or running, the oldest first. */
  async open(): Promise<readonly KnownRun[]> {
    const query = this.#db.selectFrom('pipeline_runs').selectAll().where('state', 'in', ['queued', 'running']);
    return await this.#withJobs(await query.orderBy('created_at').orderBy('number').execute());
  }

  /** The latest first. */
  async list(app: AppName, release: ReleaseId | null, limit: number): Promise<readonly KnownRun[]> {
    let query = this.#db.selectFrom('pipeline_runs').selectAll().where('app', '=', app);
    if (release !== null) query = query.where('release', '=', release);
    return await this.#withJobs(await query.orderBy('number', 'desc').limit(limit).execute());
  }

  async find({ app, number }: RunName): Promise<KnownRun | null> {
    const query = this.#db.selectFrom('pipeline_runs').selectAll().where('app', '=', app).where('number', '=', number);
    return (await this.#withJobs(await query.execute()))[0] ?? null;
  }

  /** Ended, with files, the latest first. */
  async withFiles(app: AppName): Promise<readonly KnownRun[]> {
    const query = this.#db.selectFrom('pipeline_runs').selectAll().where('app', '=', app).where('has_files', '=', 1);
    return await this.#withJobs(await query.orderBy('number', 'desc').execute());
  }

  /** The number is drawn inside the transaction. */
  async queue(wanted: NewRun): Promise<RunName> {
    const { app, release, commit, branch, definition, by } = wanted;
    return await this.#parts.journal.transact(async ({ trx, append }) => {
      const number = (await highestNumber(trx, app)) + 1;
      await insertRun(trx, wanted, number, this.#parts.now());
      await trx
        .insertInto('pipeline_jobs')
        .values(definition.jobs.map(({ job, needs }, position) => newJob({ app, number, job, position }, needs)))
        .execute();
      const run = nameOfRun({ number });
      const event = pipelineEvent('pipeline-queued', { run, release, commit }, { by });
      await append(chainOf({ app, environment: buildPlace }), this.#parts.fence(), [event]);
      return { app, number, branch };
    });
  }

  async begin(run: RunName): Promise<void> {
    const event = pipelineEvent('pipeline-begun', { run: nameOfRun(run) });
    await this.#append(run, event, async (trx) => {
      await changeRun(trx, run, { state: 'running', started_at: this.#parts.now() });
    });
  }

  /** Writes the intent. */
  async startJob(run: RunName, { job }: Pick<PipelineJob, 'job'>, attempt: number): Promise<void> {
    const key = keyOfJob(run, { job, attempt });
    const event = pipelineEvent('pipeline-job-started', { run: nameOfRun(run), job, attempt, key });
    await this.#append(run, event, async (trx) => {
      await changeJob(trx, run, job, { state: 'running', attempt, started_at: this.#parts.now() });
    });
  }

  /** Whether a cache fitted, as soon as that is known. */
  async noteCache(run: RunName, job: string, cache: 'hit' | 'miss'): Promise<void> {
    await this.#append(run, null, async (trx) => {
      await changeJob(trx, run, job, { cache });
    });
  }

  async endJob(run: RunName, job: string, { state, exitCode, note, hasArtifacts }: JobEnd): Promise<void> {
    const event = pipelineEvent('pipeline-job-ended', { run: nameOfRun(run), job, state, exitCode, note });
    const columns = { state, exit_code: exitCode, note, ended_at: this.#parts.now() };
    await this.#append(run, event, async (trx) => {
      await changeJob(trx, run, job, { ...columns, has_artifacts: hasArtifacts ? 1 : 0 });
    });
  }

  async cancel(run: RunName, note: string, newer: string | null, by?: Actor, reason: string | null = null) {
    const who = by === undefined ? { reason } : { by, reason };
    const event = pipelineEvent('pipeline-cancelled', { run: nameOfRun(run), newer }, who);
    await this.#append(run, event, async (trx) => {
      await changeRun(trx, run, { is_cancelled: 1, note });
    });
  }

  async end(run: KnownRun, state: 'passed' | 'failed' | 'cancelled', note: string | null): Promise<void> {
    const event = pipelineEvent('pipeline-ended', { run: nameOfRun(run), release: run.release, state, note });
    await this.#append(run, event, async (trx) => {
      await changeRun(trx, run, { state, note, ended_at: this.#parts.now() });
    });
  }

  /** Its files are about to go. */
  async forgetFiles(run: RunName): Promise<void> {
    await this.#append(run, null, async (trx) => {
      await changeRun(trx, run, { has_files: 0 });
    });
  }

  async #append(
    { app }: RunName,
    event: ReturnType<typeof pipelineEvent> | null,
    write: (trx: Transaction) => Promise<void>,
  ) {
    const chain = chainOf({ app, environment: buildPlace });
    await this.#parts.journal.appendWith(chain, this.#parts.fence(), event === null ? [] : [event], write);
  }

  async #withJobs(rows: readonly PipelineRunsTable[]): Promise<readonly KnownRun[]> {
    return await Promise.all(
      rows.map(async (row) => {
        const query = this.#db.selectFrom('pipeline_jobs').selectAll().where('app', '=', row.app);
        const jobs = await query.where('number', '=', row.number).orderBy('position').execute();
        return runOf(row, jobs.map(jobOf));
      }),
    );
  }
}

async function highestNumber(trx: Transaction, app: AppName): Promise<number> {
  const query = trx.selectFrom('pipeline_runs').select((select) => select.fn.max('number').as('highest'));
  return (await query.where('app', '=', app).executeTakeFirst())?.highest ?? 0;
}

async function insertRun(trx: Transaction, wanted: NewRun, number: number, now: UnixMs): Promise<void> {
  const { app, release, commit, branch, definition, by } = wanted;
  const { concurrency } = definition;
  const group = concurrency?.group === 'branch' ? `branch ${branch ?? ''}` : 'app';
  await trx
    .insertInto('pipeline_runs')
    .values({
      ...{ app, number, release, commit, branch, state: 'queued', is_cancelled: 0, note: null },
      ...{ concurrency_group: concurrency === null ? null : group, newer: concurrency?.newer ?? null },
      ...{ by_kind: by.kind, by_id: by.id, created_at: now, started_at: null, ended_at: null, has_files: 1 },
    })
    .execute();
}

function newJob(
  name: Pick<PipelineJobsTable, 'app' | 'number' | 'job' | 'position'>,
  needs: readonly string[],
): PipelineJobsTable {
  return {
    ...{ ...name, needs: encodeJson(needs), state: 'waiting', attempt: 1, started_at: null, ended_at: null },
    ...{ exit_code: null, cache: null, has_artifacts: 0, note: null },
  };
}

async function changeRun(trx: Transaction, { app, number }: RunName, columns: Partial<PipelineRunsTable>) {
  await trx.updateTable('pipeline_runs').set(columns).where('app', '=', app).where('number', '=', number).execute();
}

async function changeJob(trx: Transaction, { app, number }: RunName, job: string, columns: Partial<PipelineJobsTable>) {
  await trx
    .updateTable('pipeline_jobs')
    .set(columns)
    .where('app', '=', app)
    .where('number', '=', number)
    .where('job', '=', job)
    .execute();
}

function runOf(row: PipelineRunsTable, jobs: readonly PipelineJob[]): KnownRun {
  const { app, number, release, commit, branch, state, newer, note } = row;
  return {
    ...{ app, number, release, commit, branch, state, newer, note, jobs },
    ...{ isCancelled: row.is_cancelled === 1, group: row.concurrency_group, by: { kind: row.by_kind, id: row.by_id } },
    ...{ createdAt: row.created_at, startedAt: row.started_at, endedAt: row.ended_at, hasFiles: row.has_files === 1 },
  };
}

function jobOf(row: PipelineJobsTable): PipelineJob {
  const { job, state, attempt, cache, note } = row;
  return {
    ...{ job, state, attempt, cache, note, exitCode: row.exit_code, hasArtifacts: row.has_artifacts === 1 },
    needs: decodeJson(row.needs, z.array(z.string()), `pipeline job ${job}`),
    ...{ startedAt: row.started_at, endedAt: row.ended_at },
  };
}
