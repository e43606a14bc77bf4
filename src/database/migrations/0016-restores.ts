import { sql } from 'kysely';
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('restores')
    .addColumn('at', 'integer', (column) => column.notNull())
    .addColumn('backup_at', 'integer', (column) => column.notNull())
    .addColumn('backup_version', 'text', (column) => column.notNull())
    .addColumn('number_floor', 'integer', (column) => column.notNull())
    .modifyEnd(sql`strict`)
    .execute();
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('restores').execute();
}
