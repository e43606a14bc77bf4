import { sql } from 'kysely';
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  const scoped = (table: string) =>
    db.schema
      .createTable(table)
      .addColumn('app', 'text', (column) => column.notNull())
      .addColumn('environment', 'text', (column) => column.notNull())
      .modifyEnd(sql`strict`);
  await scoped('flag_states')
    .addColumn('flag', 'text', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('changed_at', 'integer', (column) => column.notNull())
    .addColumn('changed_by_kind', 'text', (column) => column.notNull())
    .addColumn('changed_by_id', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('flag_states_key', ['app', 'environment', 'flag', 'version'])
    .execute();
  await scoped('flag_keys')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('secret_hash', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('created_at', 'integer', (column) => column.notNull())
    .addColumn('created_by_kind', 'text', (column) => column.notNull())
    .addColumn('created_by_id', 'text', (column) => column.notNull())
    .addColumn('revoked_at', 'integer')
    .execute();
  await scoped('flag_uses')
    .addColumn('flag', 'text', (column) => column.notNull())
    .addColumn('used_at', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('flag_uses_key', ['app', 'environment', 'flag'])
    .execute();
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of ['flag_uses', 'flag_keys', 'flag_states']) await db.schema.dropTable(table).execute();
}
