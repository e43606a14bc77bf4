import { sql } from 'kysely';
import type { Kysely } from 'kysely';

/** Jobs that people have started are few among the events of an environment, and found without reading the others. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createIndex('journal_jobs_by_hand')
    .on('journal')
    .columns(['chain', 'sequence'])
    .where(sql.ref('type'), '=', sql.lit('job-started'))
    .execute();
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropIndex('journal_jobs_by_hand').execute();
}
