import type { Checkpoints } from '../engine/checkpoints.ts';
import type { Database } from './open-database.ts';

/** Checkpoints as rows of the database: one row per key, overwritten. */
export function openCheckpoints(database: Database): Checkpoints {
  const { db } = database;
  return {
    async load(key) {
      const row = await db.selectFrom('checkpoints').select('value').where('key', '=', key).executeTakeFirst();
      return row?.value ?? null;
    },
    async save(key, value) {
      await db
        .insertInto('checkpoints')
        .values({ key, value })
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
        .execute();
    },
    async remove(key) {
      await db.deleteFrom('checkpoints').where('key', '=', key).execute();
    },
  };
}
