import type { SqliteFile } from './sqlite-dialect.ts';

interface ColumnShape {
  readonly type: string;
  readonly isNeeded: boolean;
  readonly hasDefault: boolean;
  /** Its place in the primary key; 0: it is not in it. */
  readonly key: number;
}

/** Tables with their columns, and what makes rows unique or is set off by writing them, as its SQL. */
export interface TableShapes {
  readonly tables: Readonly<Record<string, Readonly<Record<string, ColumnShape>>>>;
  readonly rules: Readonly<Record<string, string>>;
}

/** Of everything that Lotse keeps in a state file. */
export function readTableShapes(sqlite: SqliteFile): TableShapes {
  const names = sqlite.rows(
    `select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' and name not like '%_migration%'`,
  );
  const rules = sqlite.rows(
    `select name, sql from sqlite_schema where (type = 'index' and sql like 'create unique%') or type = 'trigger'`,
  );
  return {
    tables: Object.fromEntries(names.map(({ name }) => [String(name), columnsOf(sqlite, String(name))])),
    rules: Object.fromEntries(rules.map(({ name, sql }) => [String(name), String(sql)])),
  };
}

function columnsOf(sqlite: SqliteFile, table: string): Readonly<Record<string, ColumnShape>> {
  return Object.fromEntries(
    sqlite.rows(`pragma table_info("${table}")`).map(({ name, type, notnull, dflt_value, pk }) => {
      const key = Number(pk);
      return [String(name), { type: String(type), isNeeded: notnull === 1, hasDefault: dflt_value !== null, key }];
    }),
  );
}

/**
 * Why a program that knows only `before` could not go on with `after`: it reads and writes the tables and columns that it
 * knows, and leaves out all others. Empty: it can.
 */
export function whatBreaks(before: TableShapes, after: TableShapes): readonly string[] {
  const tables = Object.entries(before.tables).flatMap(([table, columns]) => {
    const now = after.tables[table];
    return now === undefined ? [`table ${table} is gone`] : brokenColumns(table, columns, now);
  });
  const known = new Set(Object.keys(before.tables));
  const rules = Object.entries(after.rules)
    .filter(([name, text]) => before.rules[name] !== text && concerns(text, known))
    .map(([name]) => `${name} is a new rule for rows that it writes`);
  return [...tables, ...rules];
}

function brokenColumns(
  table: string,
  before: Readonly<Record<string, ColumnShape>>,
  after: Readonly<Record<string, ColumnShape>>,
): readonly string[] {
  const changed = Object.entries(before).flatMap(([column, was]) => {
    const is = after[column];
    if (is === undefined) return [`column ${table}.${column} is gone`];
    const isSame = is.type === was.type && is.key === was.key && is.isNeeded === was.isNeeded;
    return isSame ? [] : [`column ${table}.${column} has changed`];
  });
  const added = Object.entries(after)
    .filter(([column, { isNeeded, hasDefault }]) => before[column] === undefined && isNeeded && !hasDefault)
    .map(([column]) => `column ${table}.${column} is needed, and it knows nothing of it`);
  return [...changed, ...added];
}

/** `create unique index n on "t" (…)`, `create trigger n after insert on t …`. */
function concerns(rule: string, tables: ReadonlySet<string>): boolean {
  const [, table = ''] = /\bon\s+"?(\w+)"?/i.exec(rule) ?? [];
  return tables.has(table);
}
