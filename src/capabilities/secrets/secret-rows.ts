import type { Selectable, Updateable } from 'kysely';
import { chainOf, type Scope, type UnixMs } from '../../core/ids.ts';
import { hasSealedValues } from '../../database/has-sealed-values.ts';
import type { DatabaseJournal } from '../../database/journal.ts';
import type { Database } from '../../database/open-database.ts';
import type { LotseDb, Transaction } from '../../database/schema.ts';
import type { SecretsTable } from '../../database/secret-tables.ts';
import type { SecretPlace } from '../../ports/secrets/secrets.ts';
import type { SealedBook, SealedSecret } from '../../ports/secrets/sealed-book.ts';
import { secretEvent } from './secret-events.ts';

interface RowParts {
  readonly database: Database;
  readonly journal: DatabaseJournal;
  readonly fence: () => number;
  readonly now: () => UnixMs;
}

/** Sealed values in the control plane's database, each with its event in one transaction. */
export function sealedRows({ database: { db }, journal, fence, now }: RowParts): SealedBook {
  return {
    async find(place, version) {
      const row = await rowOf(db, place);
      if (row === undefined) return null;
      if (version === null || version === row.version) return sealedOf(row);
      const { name, old_version: oldVersion, old_sealed: sealed, set_at: setAt } = row;
      return version === oldVersion && sealed !== null ? { name, version, sealed, setAt } : null;
    },
    async list({ app, environment }) {
      const rows = await rowsOf(db, { app, environment }).orderBy('name').execute();
      return rows.flatMap((row) => sealedOf(row) ?? []);
    },
    async isEmpty() {
      return !(await hasSealedValues(db));
    },
    async put(place, seal, actor, { reason, keepsOld }) {
      return await journal.transact(async ({ trx, append }) => {
        const before = await rowOf(trx, place);
        const version = (before?.version ?? 0) + 1;
        const columns = { version, sealed: seal(version), set_at: now(), ...oldColumns(keepsOld ? before : undefined) };
        await trx
          .insertInto('secrets')
          .values({ ...named(place), ...columns })
          .onConflict((conflict) => conflict.columns(['app', 'environment', 'name']).doUpdateSet(columns))
          .execute();
        const payload = { name: place.name, version: String(version) };
        await append(chainOf(place), fence(), [secretEvent('secret-set', { actor, reason }, payload)]);
        return { name: place.name, version, sealed: columns.sealed, setAt: columns.set_at };
      });
    },
    async drop(place, version, actor) {
      await journal.transact(async ({ trx, append }) => {
        const row = await rowOf(trx, place);
        if (row?.old_version !== version || row.old_sealed === null) return;
        await changeRow(trx, place, oldColumns(undefined));
        const payload = { name: place.name, version: String(version) };
        await append(chainOf(place), fence(), [secretEvent('secret-revoked', { actor, reason: null }, payload)]);
      });
    },
    async remove(place, actor, reason) {
      return await journal.transact(async ({ trx, append }) => {
        const row = await rowOf(trx, place);
        if (row === undefined || row.sealed === null) return false;
        await changeRow(trx, place, { sealed: null, ...oldColumns(undefined) });
        await append(chainOf(place), fence(), [secretEvent('secret-removed', { actor, reason }, { name: place.name })]);
        return true;
      });
    },
  };
}

function rowsOf(db: LotseDb, { app, environment }: Scope) {
  return db.selectFrom('secrets').selectAll().where('app', '=', app).where('environment', '=', environment);
}

async function rowOf(db: LotseDb, place: SecretPlace) {
  return await rowsOf(db, place).where('name', '=', place.name).executeTakeFirst();
}

async function changeRow(trx: Transaction, place: SecretPlace, columns: Updateable<SecretsTable>): Promise<void> {
  await trx
    .updateTable('secrets')
    .set(columns)
    .where((row) => row.and(named(place)))
    .execute();
}

/** What is kept of a row that is overwritten. */
function oldColumns(before: Selectable<SecretsTable> | undefined) {
  return { old_version: before?.version ?? null, old_sealed: before?.sealed ?? null };
}

function named({ app, environment, name }: SecretPlace) {
  return { app, environment, name };
}

function sealedOf(row: NonNullable<Awaited<ReturnType<typeof rowOf>>>): SealedSecret | null {
  const { name, version, sealed, set_at: setAt } = row;
  return sealed === null ? null : { name, version, sealed, setAt };
}
