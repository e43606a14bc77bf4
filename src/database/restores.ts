import type { UnixMs } from '../core/ids.ts';
import type { Database } from './open-database.ts';
import type { LotseDb } from './schema.ts';

/** Backups that this state was brought back from. */
export interface RestoresTable {
  readonly at: UnixMs;
  readonly backup_at: UnixMs;
  readonly backup_version: string;
  /** Releases, revisions and rollouts are numbered above it. */
  readonly number_floor: number;
}

const step = 1000;

/**
 * Numbers that may have been given away after the backup that this state comes from: below that, what a target keeps may
 * belong to something that nobody here knows. 0: it was never restored.
 */
export async function numberFloor(db: LotseDb): Promise<number> {
  const row = await db
    .selectFrom('restores')
    .select(({ fn }) => fn.max('number_floor').as('floor'))
    .executeTakeFirst();
  return row?.floor ?? 0;
}

/** The highest number of a release, revision or rollout here, and what the floor was. */
export async function highestNumber(db: LotseDb): Promise<number> {
  const releases = await db
    .selectFrom('releases')
    .select(({ fn }) => fn.max('number').as('number'))
    .executeTakeFirst();
  const revisions = await db
    .selectFrom('revisions')
    .select(({ fn }) => fn.max('number').as('number'))
    .executeTakeFirst();
  const rollouts = await db
    .selectFrom('journal')
    .select(({ fn }) => fn.countAll<number>().as('number'))
    .where('type', '=', 'rollout-planned')
    .groupBy('chain')
    .execute();
  const numbers = [releases, revisions, ...rollouts].map((row) => row?.number ?? 0);
  return Math.max(...numbers, await numberFloor(db));
}

/** Writes down that this database comes from a backup; numbers go on at the thousand above `highest`. */
export async function recordRestore(
  database: Database,
  {
    highest,
    ...restore
  }: { readonly at: UnixMs; readonly backup_at: UnixMs; readonly backup_version: string; readonly highest: number },
): Promise<void> {
  const number_floor = (Math.floor(highest / step) + 1) * step;
  await database.write(async (trx) => {
    await trx
      .insertInto('restores')
      .values({ ...restore, number_floor })
      .execute();
  });
}
