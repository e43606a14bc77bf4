import { sql } from 'kysely';
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  // `position` is AUTOINCREMENT: SQLite remembers the highest one given out, so a cut tail shows.
  await db.schema
    .createTable('journal')
    .addColumn('position', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('chain', 'text', (column) => column.notNull())
    .addColumn('sequence', 'integer', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('at', 'integer', (column) => column.notNull())
    .addColumn('actor_kind', 'text', (column) => column.notNull())
    .addColumn('actor_id', 'text', (column) => column.notNull())
    .addColumn('correlation_id', 'text')
    .addColumn('body', 'text')
    .addColumn('salt', 'text')
    .addColumn('payload_hash', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addUniqueConstraint('journal_chain_sequence', ['chain', 'sequence'])
    .modifyEnd(sql`strict`)
    .execute();
  await db.schema
    .createIndex('journal_correlation')
    .on('journal')
    .columns(['correlation_id', 'chain', 'sequence'])
    .where(sql.ref('correlation_id'), 'is not', null)
    .execute();
  await db.schema
    .createTable('journal_heads')
    .addColumn('chain', 'text', (column) => column.primaryKey().notNull())
    .addColumn('sequence', 'integer', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('fence', 'integer', (column) => column.notNull())
    .modifyEnd(sql`strict`)
    .execute();
  await createBookkeeping(db);
}

async function createBookkeeping(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('owner_fence')
    .addColumn('id', 'integer', (column) => column.primaryKey().check(sql`id = 1`))
    .addColumn('fence', 'integer', (column) => column.notNull())
    .modifyEnd(sql`strict`)
    .execute();
  await db.schema
    .createTable('subscriptions')
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('failures', 'integer', (column) => column.notNull())
    .addColumn('last_error', 'text')
    .addColumn('updated_at', 'integer', (column) => column.notNull())
    .modifyEnd(sql`strict`)
    .execute();
  await db.schema
    .createTable('checkpoints')
    .addColumn('key', 'text', (column) => column.primaryKey().notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .modifyEnd(sql`strict`)
    .execute();
  await db.schema
    .createTable('state_versions')
    .addColumn('version', 'text', (column) => column.primaryKey().notNull())
    .addColumn('since', 'integer', (column) => column.notNull())
    .modifyEnd(sql`strict`)
    .execute();
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of ['state_versions', 'checkpoints', 'subscriptions', 'owner_fence', 'journal_heads', 'journal']) {
    await db.schema.dropTable(table).execute();
  }
}
