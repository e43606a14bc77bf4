import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { Scope, UnixMs } from '../../core/ids.ts';
import { LotseError } from '../../core/errors.ts';
import type { CertificatesTable } from '../../database/certificate-tables.ts';
import { decodeJson, encodeJson } from '../../database/json-column.ts';
import type { Database } from '../../database/open-database.ts';
import type { LotseDb, Transaction } from '../../database/schema.ts';
import type { AccountBook, IssuedCertificate, IssuerKind } from '../../ports/certificates/certificates.ts';
import { certificateFacts, type CertificateFacts } from './check-certificate.ts';
import { aboutAccount, aboutCertificate, openKey, unlessSealed, type KeySealer } from './sealed-keys.ts';

/** What is kept of one certificate, and how getting the next one goes. */
export interface CertificateRecord extends Scope {
  readonly name: string;
  /** What it was asked for. */
  readonly names: readonly string[];
  readonly issuer: IssuerKind;
  readonly held: HeldCertificate | null;
  /** Null: somebody else renews it. */
  readonly renewAt: UnixMs | null;
  /** Since when there has been one for this name. */
  readonly servedSince: UnixMs | null;
  readonly renewals: number;
  /** In a row. */
  readonly failures: number;
  readonly problem: string | null;
  readonly hint: string | null;
  readonly nextTryAt: UnixMs | null;
}

export interface HeldCertificate extends IssuedCertificate, CertificateFacts {
  readonly names: readonly string[];
}

const namesColumn = z.array(z.string());

/** A row whose key cannot be opened. */
export interface LockedRow {
  readonly record: CertificateRecord;
  readonly chainPem: string;
  readonly reason: LotseError;
}

/** A certificate as it is written down; both null: it is not. */
export type WrittenKey = Pick<Selectable<CertificatesTable>, 'chain_pem' | 'key_pem'>;

export async function listCertificateRows(
  db: LotseDb,
  sealer: KeySealer,
): Promise<readonly (CertificateRecord | LockedRow)[]> {
  const rows = await db.selectFrom('certificates').selectAll().orderBy('name').execute();
  return await Promise.all(rows.map((row) => recordOf(row, sealer)));
}

/** Not sealed when it cannot be: then nothing of it is written down. */
export async function writtenKey(name: string, issued: IssuedCertificate, sealer: KeySealer): Promise<WrittenKey> {
  const sealed = await unlessSealed(() => sealer.seal(issued.keyPem, aboutCertificate(name)));
  return sealed instanceof LotseError
    ? { chain_pem: null, key_pem: null }
    : { chain_pem: issued.chainPem, key_pem: sealed };
}

/** `written` null: what is held stays as it was written down. */
export async function putCertificateRow(
  trx: Transaction,
  record: CertificateRecord,
  written: WrittenKey | null,
): Promise<void> {
  const { name, held: _held, ...rest } = record;
  const columns = {
    ...{ app: rest.app, environment: rest.environment, names: encodeJson(rest.names), issuer: rest.issuer },
    ...written,
    renew_at: rest.renewAt,
    served_since: rest.servedSince,
    renewals: rest.renewals,
    failures: rest.failures,
    problem: rest.problem,
    hint: rest.hint,
    next_try_at: rest.nextTryAt,
  };
  await trx
    .insertInto('certificates')
    .values({ name, ...columns })
    .onConflict((conflict) => conflict.column('name').doUpdateSet(columns))
    .execute();
}

export async function removeCertificateRow(trx: Transaction, name: string): Promise<void> {
  await trx.deleteFrom('certificates').where('name', '=', name).execute();
}

async function recordOf(row: Selectable<CertificatesTable>, sealer: KeySealer): Promise<CertificateRecord | LockedRow> {
  const { name, app, environment, issuer, chain_pem: chainPem, key_pem: keyPem, problem, hint } = row;
  const record: CertificateRecord = {
    ...{ name, app, environment, issuer, problem, hint },
    names: decodeJson(row.names, namesColumn, `certificate ${name}`),
    held: null,
    renewAt: row.renew_at,
    servedSince: row.served_since,
    renewals: row.renewals,
    failures: row.failures,
    nextTryAt: row.next_try_at,
  };
  if (chainPem === null || keyPem === null) return record;
  const key = await openKey(sealer, keyPem, aboutCertificate(name));
  if (key instanceof LotseError) return { record, chainPem, reason: key };
  return { ...record, held: { chainPem, keyPem: key, ...certificateFacts(chainPem) } };
}

/** Accounts at authorities, their keys sealed. One that cannot be opened is none: another one costs nothing. */
export function accountRows(database: Database, sealer: KeySealer): AccountBook {
  return {
    async find(directory) {
      const query = database.db.selectFrom('acme_accounts').selectAll().where('directory', '=', directory);
      const row = await query.executeTakeFirst();
      const key = row === undefined ? null : await openKey(sealer, row.key_pem, aboutAccount(directory));
      return row === undefined || key === null || key instanceof LotseError ? null : { keyPem: key, url: row.url };
    },
    async keep(directory, { keyPem, url }) {
      const columns = { key_pem: await sealer.seal(keyPem, aboutAccount(directory)), url };
      await database.write(async (trx) => {
        await trx
          .insertInto('acme_accounts')
          .values({ directory, ...columns })
          .onConflict((conflict) => conflict.column('directory').doUpdateSet(columns))
          .execute();
      });
    },
  };
}
