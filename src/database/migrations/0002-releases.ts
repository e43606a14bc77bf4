import { sql } from 'kysely';
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await createEnvironments(db);
  await createConfig(db);
  await createReleases(db);
  await createMachineFacts(db);
}

async function createEnvironments(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('apps')
    .addColumn('app', 'text', (column) => column.primaryKey().notNull())
    .addColumn('created_at', 'integer', (column) => column.notNull())
    .addColumn('archived_at', 'integer')
    .modifyEnd(sql`strict`)
    .execute();
  await db.schema
    .createTable('environments')
    .addColumn('app', 'text', (column) => column.notNull())
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('definition', 'text', (column) => column.notNull())
    .addColumn('definition_hash', 'text', (column) => column.notNull())
    .addColumn('accepted_at', 'integer', (column) => column.notNull())
    .addColumn('accepted_by_kind', 'text', (column) => column.notNull())
    .addColumn('accepted_by_id', 'text', (column) => column.notNull())
    .addColumn('port', 'integer', (column) => column.unique())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('live_revision', 'text')
    .addColumn('settled_revision', 'text')
    .addColumn('created_at', 'integer', (column) => column.notNull())
    .addColumn('expires_at', 'integer')
    .addPrimaryKeyConstraint('environments_key', ['app', 'environment'])
    .modifyEnd(sql`strict`)
    .execute();
}

async function createConfig(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('config_versions')
    .addColumn('app', 'text', (column) => column.notNull())
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('version', 'text', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .addColumn('created_at', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('config_versions_key', ['app', 'environment', 'version'])
    .modifyEnd(sql`strict`)
    .execute();
}

async function createReleases(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('releases')
    .addColumn('app', 'text', (column) => column.notNull())
    .addColumn('release', 'text', (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('artifact', 'text', (column) => column.notNull())
    .addColumn('commit_id', 'text', (column) => column.notNull())
    .addColumn('dirty', 'integer', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .addColumn('created_at', 'integer', (column) => column.notNull())
    .addColumn('created_by_kind', 'text', (column) => column.notNull())
    .addColumn('created_by_id', 'text', (column) => column.notNull())
    .addColumn('collected_at', 'integer')
    .addPrimaryKeyConstraint('releases_key', ['app', 'release'])
    .addUniqueConstraint('releases_number', ['app', 'number'])
    .modifyEnd(sql`strict`)
    .execute();
  await db.schema
    .createTable('revisions')
    .addColumn('app', 'text', (column) => column.notNull())
    .addColumn('revision', 'text', (column) => column.notNull())
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('release', 'text', (column) => column.notNull())
    .addColumn('artifact', 'text', (column) => column.notNull())
    .addColumn('config_version', 'text', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .addColumn('planned_at', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('revisions_key', ['app', 'revision'])
    .addUniqueConstraint('revisions_number', ['app', 'environment', 'number'])
    .modifyEnd(sql`strict`)
    .execute();
}

async function createMachineFacts(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('service_facts')
    .addColumn('app', 'text', (column) => column.notNull())
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('service', 'text', (column) => column.notNull())
    .addColumn('fixed_port', 'integer')
    .addColumn('boot_ms', 'integer')
    .addColumn('learned_from', 'text')
    .addColumn('learned_at', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('service_facts_key', ['app', 'environment', 'service'])
    .modifyEnd(sql`strict`)
    .execute();
  await db.schema
    .createTable('ports')
    .addColumn('port', 'integer', (column) => column.primaryKey())
    .addColumn('app', 'text', (column) => column.notNull())
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('purpose', 'text', (column) => column.notNull())
    .addColumn('revision', 'text', (column) => column.notNull())
    .addColumn('service', 'text', (column) => column.notNull())
    .addColumn('slot', 'integer', (column) => column.notNull())
    .addColumn('allocated_at', 'integer', (column) => column.notNull())
    .addUniqueConstraint('ports_use', ['app', 'environment', 'purpose', 'revision', 'service', 'slot'])
    .modifyEnd(sql`strict`)
    .execute();
}

export async function down(db: Kysely<unknown>): Promise<void> {
  const tables = ['ports', 'service_facts', 'revisions', 'releases', 'config_versions', 'environments', 'apps'];
  for (const table of tables) await db.schema.dropTable(table).execute();
}
