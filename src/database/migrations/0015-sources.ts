import { sql } from 'kysely';
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('sources')
    .addColumn('app', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('address', 'text', (column) => column.notNull())
    .addColumn('branch', 'text', (column) => column.notNull())
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('folder', 'text', (column) => column.notNull())
    .addColumn('token_secret', 'text')
    .addColumn('key_secret', 'text')
    .addColumn('is_told', 'integer', (column) => column.notNull())
    .addColumn('sealed_hook_secret', 'text', (column) => column.notNull())
    .addColumn('connected_at', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('sources_key', ['app', 'name'])
    .modifyEnd(sql`strict`)
    .execute();
  await createDeliveries(db);
  await createReports(db);
}

async function createDeliveries(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('deliveries')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('app', 'text', (column) => column.notNull())
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('delivery', 'text', (column) => column.notNull())
    .addColumn('event', 'text', (column) => column.notNull())
    .addColumn('commit_id', 'text')
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('note', 'text')
    .addColumn('release', 'text')
    .addColumn('rollout', 'text')
    .addColumn('received_at', 'integer', (column) => column.notNull())
    .addColumn('ended_at', 'integer')
    .addUniqueConstraint('deliveries_once', ['app', 'source', 'delivery'])
    .modifyEnd(sql`strict`)
    .execute();
}

async function createReports(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('commit_reports')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('app', 'text', (column) => column.notNull())
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('commit_id', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('standing', 'text', (column) => column.notNull())
    .addColumn('note', 'text', (column) => column.notNull())
    .addColumn('sequence', 'integer', (column) => column.notNull())
    .addColumn('deployment', 'text')
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('due_at', 'integer', (column) => column.notNull())
    .addColumn('next_try_at', 'integer', (column) => column.notNull())
    .addColumn('problem', 'text')
    .addColumn('ended_at', 'integer')
    .modifyEnd(sql`strict`)
    .execute();
  await db.schema.createIndex('commit_reports_due').on('commit_reports').columns(['state', 'next_try_at']).execute();
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of ['commit_reports', 'deliveries', 'sources']) await db.schema.dropTable(table).execute();
}
