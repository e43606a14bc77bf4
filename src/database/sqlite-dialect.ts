import { backup, DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { CompiledQuery, SqliteAdapter, SqliteDriver, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import type { DatabaseConnection, Dialect, SqliteDatabase, SqliteStatement, TransactionSettings } from 'kysely';
import { translateSqliteError } from './sqlite-errors.ts';

const maxCachedStatements = 256;
const changesSchema = /^\s*(create|alter|drop|vacuum)\b/i;
/** Pages per step of a backup: all in one step, so that a busy writer cannot make it start again for ever. */
const allPages = 0x7fffffff;

export interface SqliteFileOptions {
  readonly readonly: boolean;
  /** How long a statement waits for another process. The whole process waits with it. */
  readonly busyTimeoutMs: number;
}

/**
 * One connection to one SQLite file: the only place that knows node:sqlite. Keeps prepared statements, gives plain row
 * objects, binds booleans as 0 and 1, and throws LotseErrors (see `translateSqliteError`).
 */
export class SqliteFile implements SqliteDatabase {
  readonly path: string;
  readonly #busyTimeoutMs: number;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, SqliteStatement>();

  constructor(path: string, options: SqliteFileOptions) {
    this.path = path;
    this.#busyTimeoutMs = options.busyTimeoutMs;
    this.#database = this.#translated(
      () => new DatabaseSync(path, { readOnly: options.readonly, timeout: options.busyTimeoutMs }),
    );
  }

  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  /** Runs statements without parameters and result: pragmas, begin, vacuum. */
  exec(sql: string): void {
    this.#translated(() => this.#database.exec(sql));
  }

  /** Rows of a statement without parameters, not kept in the cache: pragmas. */
  rows(sql: string): readonly Readonly<Record<string, SQLOutputValue>>[] {
    return this.#translated(() => this.#database.prepare(sql).all().map(plain));
  }

  prepare(sql: string): SqliteStatement {
    if (changesSchema.test(sql)) {
      this.#statements.clear();
      return this.#wrap(this.#translated(() => this.#database.prepare(sql)));
    }
    const known = this.#statements.get(sql);
    if (known !== undefined) {
      // Re-inserted, so that the first key is the one that was not used for the longest time.
      this.#statements.delete(sql);
      this.#statements.set(sql, known);
      return known;
    }
    const statement = this.#wrap(this.#translated(() => this.#database.prepare(sql)));
    this.#statements.set(sql, statement);
    const oldest = this.#statements.keys().next();
    if (this.#statements.size > maxCachedStatements && !oldest.done) this.#statements.delete(oldest.value);
    return statement;
  }

  /** A consistent copy while others write, off this thread; resolves to its number of pages. */
  async copyTo(file: string): Promise<number> {
    try {
      return await backup(this.#database, file, { rate: allPages });
    } catch (error) {
      throw translateSqliteError(error, file);
    }
  }

  /**
   * Writes the write-ahead log back into the file and cuts it to nothing, so that no old page is left in it. False, at
   * once, while another connection still reads from it.
   */
  cutLog(): boolean {
    this.exec('pragma busy_timeout = 0');
    try {
      return this.rows('pragma wal_checkpoint(truncate)').every((row) => row['busy'] === 0);
    } finally {
      this.exec(`pragma busy_timeout = ${this.#busyTimeoutMs}`);
    }
  }

  /** May be called twice. */
  close(): void {
    this.#statements.clear();
    if (this.#database.isOpen) this.#translated(() => this.#database.close());
  }

  #wrap(statement: StatementSync): SqliteStatement {
    return {
      reader: statement.columns().length > 0,
      all: (values) => this.#translated(() => statement.all(...values.map(bindable)).map(plain)),
      run: (values) => this.#translated(() => statement.run(...values.map(bindable))),
      // Not a cached cursor: all rows at once, so that a second use of the statement cannot disturb the first.
      iterate: (values) =>
        this.#translated(() =>
          statement
            .all(...values.map(bindable))
            .map(plain)
            .values(),
        ),
    };
  }

  #translated<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw translateSqliteError(error, this.path);
    }
  }
}

/** Rows come with a null prototype, which no deep comparison likes. */
function plain(row: Record<string, SQLOutputValue>): Record<string, SQLOutputValue> {
  return { ...row };
}

function bindable(value: unknown): SQLInputValue {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint')
    return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof Uint8Array) return value;
  throw new TypeError(
    `A column cannot hold ${value === undefined ? 'undefined' : Object.prototype.toString.call(value)}; JSON goes through encodeJson.`,
  );
}

/** Writers take the lock when they begin: a transaction that reads first can then never be refused half-way. */
class ImmediateDriver extends SqliteDriver {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    super({ database: file });
    this.#file = file;
  }

  override async beginTransaction(connection: DatabaseConnection, settings?: TransactionSettings): Promise<void> {
    await connection.executeQuery(
      CompiledQuery.raw(settings?.accessMode === 'read only' ? 'begin' : 'begin immediate'),
    );
  }

  /** SQLite rolls back by itself on some errors (a full disk); a second rollback would hide the first error. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#file.inTransaction) await connection.executeQuery(CompiledQuery.raw('rollback'));
  }
}

/** SQLite does take back table changes with their transaction, so a migration is applied whole or not at all. */
class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

export function sqliteDialect(file: SqliteFile): Dialect {
  return {
    createDriver: () => new ImmediateDriver(file),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new TransactionalDdlAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}
