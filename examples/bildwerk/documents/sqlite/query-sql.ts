import { DocumentsError } from '../documents.ts';
import type { Direction, Json, Operator } from '../documents.ts';
import { splitFieldPath } from '../fields.ts';

export type QuerySpec = {
  readonly collection: string;
  readonly where: readonly { readonly field: string; readonly operator: Operator; readonly value: Json }[];
  readonly orderBy: readonly { readonly field: string; readonly direction: Direction }[];
  readonly limit: number | undefined;
};

export type Sql = { readonly text: string; readonly values: readonly (string | number)[] };

type Where = QuerySpec['where'][number];

/** The SELECT for a query: columns id, version, data. Field names are checked words; values are always bound. */
export function querySql(spec: QuerySpec): Sql {
  const conditions = [{ text: 'collection = ?', values: [spec.collection] }, ...spec.where.map(conditionSql)];
  const present = spec.orderBy.map(({ field }) => `json_type(data, ${jsonPath(field)}) IS NOT NULL`);
  const order = spec.orderBy.map(({ field, direction }) => `data ->> ${jsonPath(field)} ${direction.toUpperCase()}`);
  const idDirection = spec.orderBy.at(-1)?.direction ?? 'asc';
  const text = [
    'SELECT id, version, data FROM documents',
    `WHERE ${[...conditions.map((condition) => condition.text), ...present].join(' AND ')}`,
    // `+id`: SQLite shall not choose the primary key for the order's sake, when an index finds far fewer rows.
    `ORDER BY ${[...order, `+id ${idDirection.toUpperCase()}`].join(', ')}`,
    ...(spec.limit === undefined ? [] : [`LIMIT ${checkedLimit(spec.limit)}`]),
  ].join(' ');
  return { text, values: conditions.flatMap((condition) => condition.values) };
}

function conditionSql({ field, operator, value }: Where): Sql {
  const path = jsonPath(field);
  // `->` gives the JSON text of a value: equality that never takes 1 for true or '1'.
  switch (operator) {
    case '==':
      return { text: `data -> ${path} = ?`, values: [JSON.stringify(value)] };
    case '!=':
      return { text: `data -> ${path} <> ?`, values: [JSON.stringify(value)] };
    case 'in':
      return anyOf(path, value);
    case 'array-contains':
      return {
        text: `json_type(data, ${path}) = 'array' AND EXISTS (SELECT 1 FROM json_each(data, ${path}) e WHERE e.value = ? AND typeof(e.value) = typeof(?))`,
        values: [bindable(value), bindable(value)],
      };
    case '<':
    case '<=':
    case '>':
    case '>=':
      return ordered(path, operator, value);
  }
}

function anyOf(path: string, value: Json): Sql {
  if (!Array.isArray(value) || value.length === 0) {
    throw new DocumentsError('invalid-argument', '"in" needs a list of values that is not empty');
  }
  const list: readonly Json[] = value;
  return {
    text: `data -> ${path} IN (${list.map(() => '?').join(', ')})`,
    values: list.map((one) => JSON.stringify(one)),
  };
}

function ordered(path: string, operator: '<' | '<=' | '>' | '>=', value: Json): Sql {
  const types = typeof value === 'number' ? "('integer', 'real')" : "('text')";
  return { text: `json_type(data, ${path}) IN ${types} AND data ->> ${path} ${operator} ?`, values: [bindable(value)] };
}

function bindable(value: Json): string | number {
  if (typeof value === 'string' || typeof value === 'number') return value;
  throw new DocumentsError('invalid-argument', 'this operator compares with a text or a number');
}

function checkedLimit(limit: number): number {
  if (Number.isSafeInteger(limit) && limit > 0) return limit;
  throw new DocumentsError('invalid-argument', `a limit is a whole number above zero, not ${limit}`);
}

function jsonPath(field: string): string {
  return `'$.${splitFieldPath(field).join('.')}'`;
}
