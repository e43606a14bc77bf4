import type { Selectable } from 'kysely';
import type { AppName, Scope, UnixMs } from '../../core/ids.ts';
import { nextTryAt } from '../../core/next-try.ts';
import type { Database } from '../../database/open-database.ts';
import type { CommitReportsTable } from '../../database/source-tables.ts';
import type { Standing } from '../../ports/forges/forges.ts';

/** What a repository is told about a commit. */
export interface ReportRow extends Scope {
  readonly id: string;
  readonly source: string;
  readonly commit: string;
  readonly subject: string;
  readonly isRollout: boolean;
  readonly standing: Standing;
  readonly note: string;
  readonly sequence: number;
  readonly deployment: string | null;
  readonly state: 'waiting' | 'delivered' | 'failed';
  readonly attempts: number;
  readonly dueAt: UnixMs;
  readonly problem: string | null;
}

type NewReport = Pick<
  ReportRow,
  'app' | 'environment' | 'source' | 'commit' | 'subject' | 'isRollout' | 'standing' | 'note' | 'sequence'
>;

/** What is over is kept so long, in milliseconds. */
const keptMs = 30 * 24 * 3_600_000;
const standings: readonly Standing[] = ['waiting', 'running', 'live', 'failed', 'returned', 'stranded', 'superseded'];
const pushPrefix = 'push/';

/** One row for each rollout and repository: a newer standing takes the place of the one before, whether that was told or not. */
export class ReportRows {
  readonly #database: Database;
  readonly #now: () => UnixMs;

  constructor(database: Database, now: () => UnixMs) {
    this.#database = database;
    this.#now = now;
  }

  /** Harmless when it, or a later one, is known. */
  async put(report: NewReport): Promise<void> {
    const { app, environment, source, commit, isRollout, standing, note, sequence } = report;
    const subject = isRollout ? report.subject : `${pushPrefix}${report.subject}`;
    const now = this.#now();
    const id = JSON.stringify([app, environment, source, subject]);
    const columns = {
      standing,
      note,
      sequence,
      state: 'waiting',
      attempts: 0,
      due_at: now,
      next_try_at: now,
      problem: null,
    } as const;
    await this.#database.db
      .insertInto('commit_reports')
      .values({
        ...{ id, app, environment, source, commit_id: commit, subject, deployment: null, ended_at: null },
        ...columns,
      })
      .onConflict((conflict) =>
        conflict.column('id').doUpdateSet(columns).where('commit_reports.sequence', '<', sequence),
      )
      .execute();
  }

  async due(): Promise<readonly ReportRow[]> {
    const rows = await this.#database.db
      .selectFrom('commit_reports')
      .selectAll()
      .where('state', '=', 'waiting')
      .where('next_try_at', '<=', this.#now())
      .orderBy('next_try_at')
      .orderBy('id')
      .limit(200)
      .execute();
    return rows.map(reportOf);
  }

  /** The newest first. */
  async list(app: AppName, source: string, most: number): Promise<readonly ReportRow[]> {
    const rows = await this.#database.db
      .selectFrom('commit_reports')
      .selectAll()
      .where((row) => row.and({ app, source }))
      .orderBy('due_at', 'desc')
      .limit(most)
      .execute();
    return rows.map(reportOf);
  }

  async tryAllAgain(): Promise<void> {
    await this.#database.db
      .updateTable('commit_reports')
      .set({ next_try_at: this.#now() })
      .where('state', '=', 'waiting')
      .execute();
  }

  async delivered(report: ReportRow, deployment: string | null): Promise<void> {
    const named = deployment === null ? {} : { deployment };
    await this.#update(report, { state: 'delivered', problem: null, ended_at: this.#now() });
    // How it is called holds for whatever is told next, too.
    await this.#database.db
      .updateTable('commit_reports')
      .set({ id: report.id, ...named })
      .where('id', '=', report.id)
      .execute();
  }

  /** `afterMs`: the other side asks for so much patience. */
  async later(report: ReportRow, problem: string, afterMs: number | null): Promise<void> {
    const { attempts, dueAt } = report;
    const now = this.#now();
    const next = nextTryAt(attempts + 1, dueAt, now);
    if (next === null) return await this.givenUp(report, problem);
    const at = afterMs === null ? next : Math.max(now + afterMs, now + 1000);
    await this.#update(report, { attempts: attempts + 1, problem, next_try_at: at });
  }

  async givenUp(report: ReportRow, problem: string): Promise<void> {
    await this.#update(report, { state: 'failed', problem, ended_at: this.#now() });
  }

  async forgetOld(): Promise<void> {
    await this.#database.db
      .deleteFrom('commit_reports')
      .where('state', '!=', 'waiting')
      .where('ended_at', '<', this.#now() - keptMs)
      .execute();
  }

  /** Nothing, when something newer is to be told by now. */
  async #update(
    { id, sequence }: ReportRow,
    columns: Partial<
      Pick<Selectable<CommitReportsTable>, 'state' | 'problem' | 'ended_at' | 'attempts' | 'next_try_at'>
    >,
  ) {
    await this.#database.db
      .updateTable('commit_reports')
      .set(columns)
      .where('id', '=', id)
      .where('sequence', '=', sequence)
      .execute();
  }
}

function reportOf(row: Selectable<CommitReportsTable>): ReportRow {
  const { id, app, environment, source, note, sequence, deployment, state, attempts, problem } = row;
  const isRollout = !row.subject.startsWith(pushPrefix);
  return {
    ...{ id, app, environment, source, note, sequence, deployment, state, attempts, problem, isRollout },
    ...{ commit: row.commit_id, dueAt: row.due_at, subject: row.subject },
    standing: standings.find((each) => each === row.standing) ?? 'running',
  };
}
