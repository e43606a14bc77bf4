import type { Kysely } from 'kysely';

/** Why a flag was changed, beside by whom: of changes before this one only the journal knows it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('flag_states').addColumn('reason', 'text').execute();
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('flag_states').dropColumn('reason').execute();
}
