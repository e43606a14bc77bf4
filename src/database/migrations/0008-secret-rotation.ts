import { sql } from 'kysely';
import type { Kysely } from 'kysely';

const placed = ['app', 'environment', 'name'] as const;

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('secrets').addColumn('old_version', 'integer').execute();
  await db.schema.alterTable('secrets').addColumn('old_sealed', 'text').execute();
  await db.schema
    .createTable('secret_rotations')
    .addColumn('app', 'text', (column) => column.notNull())
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('old_version', 'text', (column) => column.notNull())
    .addColumn('new_version', 'text')
    .addColumn('begun_at', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('secret_rotations_key', [...placed])
    .modifyEnd(sql`strict`)
    .execute();
  await db.schema
    .createTable('secret_uses')
    .addColumn('app', 'text', (column) => column.notNull())
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('revision', 'text', (column) => column.notNull())
    .addColumn('version', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('secret_uses_key', [...placed, 'revision'])
    .modifyEnd(sql`strict`)
    .execute();
  await db.schema
    .createTable('secret_terms')
    .addColumn('app', 'text', (column) => column.notNull())
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('secret_terms_key', [...placed])
    .modifyEnd(sql`strict`)
    .execute();
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of ['secret_terms', 'secret_uses', 'secret_rotations']) await db.schema.dropTable(table).execute();
  for (const column of ['old_sealed', 'old_version'])
    await db.schema.alterTable('secrets').dropColumn(column).execute();
}
