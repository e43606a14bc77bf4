import { Kysely } from 'kysely';
import { LotseError } from '../core/errors.ts';
import type { UnixMs } from '../core/ids.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { createInsideGuard } from './inside-guard.ts';
import type { LotseDb, Schema, Transaction } from './schema.ts';
import { sqliteDialect, SqliteFile } from './sqlite-dialect.ts';
import { prepareStateFile, requireStateFile } from './state-file.ts';
import { bringUpToDate, refuseNewerState, unsettledMigrations } from './state-version.ts';
import { recoveryAdvice } from './sqlite-errors.ts';

/** The control plane's own database. One per file and process. */
export interface Database {
  readonly file: string;
  readonly readonly: boolean;
  /** For reads and single statements. Refuses to work inside `write`: there only the transaction handed in may be used. */
  readonly db: LotseDb;
  /** The connection below, for what kysely cannot say: pragmas, backups. */
  readonly sqlite: SqliteFile;
  /**
   * May what this migration stands for be written? Until it is settled, the version before must be able to go on with the
   * state, so everything is written as that one writes it.
   */
  isSettled(migration: string): boolean;
  /**
   * Runs `work` in one transaction that takes the write lock when it begins; durable before it resolves, undone whole
   * when `work` throws. One at a time: keep waiting for anything but the database out of it. `afterCommit` runs before
   * the next transaction begins, so calls of it come in the order of commits.
   */
  write<T>(work: (trx: Transaction) => Promise<T>, afterCommit?: () => unknown): Promise<T>;
  /** Waits for what is running. May be called twice. */
  close(): Promise<void>;
}

export interface OpenDatabaseOptions {
  readonly file: string;
  /** For checks and backups beside a running control plane: nothing is created, migrated or written. */
  readonly readonly?: boolean;
  readonly now?: () => UnixMs;
  /** The version that is recorded in the state; this package's own unless a test says otherwise. */
  readonly lotseVersion?: string;
  /** It is a copy, made to see whether it can be migrated. */
  readonly isCopy?: boolean;
}

/** How long a statement waits for another process, e.g. a check that reads. */
const busyTimeoutMs = 5000;

/**
 * Opens, creates (folder 0700, file 0600) and migrates the state file; before a migration of existing state a copy is
 * kept in `before-migration/` beside it. Errors, each with what to do: `state-too-new`, `journal-damaged`, `disk-full`,
 * `locked` (a running control plane owns state that needs a migration), `not-found` (readonly), `unreachable`.
 */
export async function openDatabase(options: OpenDatabaseOptions): Promise<Database> {
  const { file, readonly = false, now = Date.now, lotseVersion = packageJson.version, isCopy = false } = options;
  if (readonly) requireStateFile(file);
  else prepareStateFile(file);
  const sqlite = new SqliteFile(file, { readonly, busyTimeoutMs });
  try {
    refuseNewerState(sqlite, lotseVersion);
    setPragmas(sqlite, readonly);
    const kysely = new Kysely<Schema>({ dialect: sqliteDialect(sqlite) });
    if (!readonly) {
      refuseDamagedFile(sqlite);
      await bringUpToDate({ kysely, sqlite, lotseVersion, now, isCopy });
    }
    return createDatabase(kysely, sqlite, readonly);
  } catch (error) {
    sqlite.close();
    throw error;
  }
}

/** Durable: WAL, with a sync at each commit (on macOS one that reaches the disk). Erased bytes are overwritten. */
function setPragmas(sqlite: SqliteFile, readonly: boolean): void {
  sqlite.exec('pragma trusted_schema = off; pragma temp_store = memory;');
  if (readonly) return;
  sqlite.exec('pragma journal_mode = wal; pragma synchronous = full; pragma secure_delete = on;');
  sqlite.exec('pragma fullfsync = on; pragma checkpoint_fullfsync = on; pragma journal_size_limit = 67108864;');
}

function refuseDamagedFile(sqlite: SqliteFile): void {
  const problems = sqlite
    .rows('pragma quick_check(5)')
    .flatMap((row) => (row['quick_check'] === 'ok' ? [] : [String(row['quick_check'])]));
  if (problems.length === 0) return;
  throw new LotseError('journal-damaged', `${sqlite.path} is damaged: ${problems[0]}.`, {
    hint: recoveryAdvice,
    details: problems,
  });
}

function createDatabase(kysely: LotseDb, sqlite: SqliteFile, readonly: boolean): Database {
  const inside = createInsideGuard();
  let turn: Promise<unknown> = Promise.resolve();
  return {
    file: sqlite.path,
    readonly,
    db: kysely.withPlugin(inside.plugin),
    sqlite,
    isSettled: (migration) => !unsettledMigrations(sqlite).some(({ name }) => name === migration),
    async write(work, afterCommit) {
      inside.refuse();
      if (readonly) throw new LotseError('conflict', `${sqlite.path} was opened for reading only.`);
      const mine = turn.then(async () => {
        const result = await kysely.transaction().execute((trx) => inside.run(() => work(trx)));
        afterCommit?.();
        return result;
      });
      turn = mine.catch(() => undefined);
      return await mine;
    },
    async close() {
      await turn;
      await kysely.destroy();
      sqlite.close();
    },
  };
}
