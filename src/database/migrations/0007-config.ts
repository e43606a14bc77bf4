import { sql } from 'kysely';
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('config_settings')
    .addColumn('app', 'text', (column) => column.notNull())
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('settings', 'text', (column) => column.notNull())
    .addColumn('changes', 'text', (column) => column.notNull())
    .addColumn('set_at', 'integer', (column) => column.notNull())
    .addColumn('set_by_kind', 'text', (column) => column.notNull())
    .addColumn('set_by_id', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addPrimaryKeyConstraint('config_settings_key', ['app', 'environment', 'version'])
    .modifyEnd(sql`strict`)
    .execute();
  await db.schema
    .createTable('reviewed_findings')
    .addColumn('app', 'text', (column) => column.notNull())
    .addColumn('path', 'text', (column) => column.notNull())
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('rule', 'text', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('accepted_at', 'integer', (column) => column.notNull())
    .addColumn('accepted_by_kind', 'text', (column) => column.notNull())
    .addColumn('accepted_by_id', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('reviewed_findings_key', ['app', 'path', 'fingerprint'])
    .modifyEnd(sql`strict`)
    .execute();
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of ['reviewed_findings', 'config_settings']) await db.schema.dropTable(table).execute();
}
