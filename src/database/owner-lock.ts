import type { OwnerLock } from '../engine/owner-lock.ts';
import type { Database } from './open-database.ts';
import { holdOwnerFile } from './owner-file.ts';
import type { Transaction } from './schema.ts';

/**
 * Makes this process the owner of a state folder, and gives it a fence above every one before it. Errors: `locked`
 * names the owner and what to do. The lock ends with `release`, or with the process, however it dies.
 */
export async function takeOwnerLock(stateDir: string, database: Database): Promise<OwnerLock> {
  const file = holdOwnerFile(stateDir);
  try {
    return createOwnerLock(database, file, await database.write((trx) => raiseFence(trx, 0)));
  } catch (error) {
    file.release();
    throw error;
  }
}

function createOwnerLock(database: Database, file: { release(): void }, firstFence: number): OwnerLock {
  let current = firstFence;
  return {
    get fence() {
      return current;
    },
    async raiseAbove(seen) {
      if (seen >= current) current = await database.write((trx) => raiseFence(trx, seen));
      return current;
    },
    release: () => Promise.resolve(file.release()),
  };
}

/** Stores and gives back a fence above `seen`, above the latest owner's and above every chain's. */
async function raiseFence(trx: Transaction, seen: number): Promise<number> {
  const owner = await trx.selectFrom('owner_fence').select('fence').executeTakeFirst();
  const chains = await trx
    .selectFrom('journal_heads')
    .select(({ fn }) => fn.max('fence').as('fence'))
    .executeTakeFirst();
  const fence = Math.max(seen, owner?.fence ?? 0, chains?.fence ?? 0) + 1;
  await trx
    .insertInto('owner_fence')
    .values({ id: 1, fence })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ fence }))
    .execute();
  return fence;
}
