import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { documentsContract } from '../documents.contract.ts';
import { querySql } from './query-sql.ts';
import { openSqliteDocuments } from './sqlite-documents.ts';

for (const mayWatch of [true, false]) {
  documentsContract(mayWatch ? 'SQLite' : 'SQLite in a folder that cannot be watched', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bildwerk-documents-'));
    const open = () => openSqliteDocuments({ folder, indexes: ['rank', 'title'], mayWatch });
    const [one, other] = await Promise.all([open(), open()]);
    const close = async () => {
      await Promise.all([one.close(), other.close()]);
      await rm(folder, { recursive: true });
    };
    return { one, other, close };
  });
}

test('a query on an indexed field uses the index', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bildwerk-documents-'));
  t.after(() => rm(folder, { recursive: true }));
  const documents = await openSqliteDocuments({ folder, indexes: ['steps.check.state'] });
  await documents.close();
  const { text, values } = querySql({
    collection: 'pictures',
    where: [{ field: 'steps.check.state', operator: 'in', value: ['ready', 'running'] }],
    orderBy: [],
    limit: undefined,
  });
  const database = new DatabaseSync(join(folder, 'documents.db'));
  const plan = database.prepare(`EXPLAIN QUERY PLAN ${text}`).all(...values);
  database.close();
  assert.match(JSON.stringify(plan), /USING INDEX by_steps_check_state \(collection=\? AND <expr>=\?\)/);
});
