import { sql } from 'kysely';
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('certificates')
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('app', 'text', (column) => column.notNull())
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('names', 'text', (column) => column.notNull())
    .addColumn('issuer', 'text', (column) => column.notNull())
    .addColumn('chain_pem', 'text')
    .addColumn('key_pem', 'text')
    .addColumn('renew_at', 'integer')
    .addColumn('served_since', 'integer')
    .addColumn('renewals', 'integer', (column) => column.notNull())
    .addColumn('failures', 'integer', (column) => column.notNull())
    .addColumn('problem', 'text')
    .addColumn('hint', 'text')
    .addColumn('next_try_at', 'integer')
    .modifyEnd(sql`strict`)
    .execute();
  await db.schema
    .createTable('acme_accounts')
    .addColumn('directory', 'text', (column) => column.primaryKey().notNull())
    .addColumn('key_pem', 'text', (column) => column.notNull())
    .addColumn('url', 'text')
    .modifyEnd(sql`strict`)
    .execute();
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of ['acme_accounts', 'certificates']) await db.schema.dropTable(table).execute();
}
