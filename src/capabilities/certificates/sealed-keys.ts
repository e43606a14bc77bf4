import { LotseError } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import type { Database } from '../../database/open-database.ts';
import type { Transaction } from '../../database/schema.ts';

/** What seals private keys before they are written down. */
export interface KeySealer {
  /** Opens only with the same `about`. Errors: `sealed`. */
  seal(key: Secret, about: string): Promise<string>;
  /** Errors: `sealed`: by another key, or the key is gone. */
  open(sealed: string, about: string): Promise<Secret>;
}

export function aboutCertificate(name: string): string {
  return JSON.stringify(['certificate', name]);
}

export function aboutAccount(directory: string): string {
  return JSON.stringify(['acme-account', directory]);
}

/** What `action` answers, or why it is sealed; other errors go on. */
export async function unlessSealed<T>(action: () => Promise<T>): Promise<T | LotseError> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof LotseError && error.code === 'sealed') return error;
    throw error;
  }
}

export async function openKey(sealer: KeySealer, text: string, about: string): Promise<Secret | LotseError> {
  return isPlain(text) ? new Secret(text) : await unlessSealed(() => sealer.open(text, about));
}

/**
 * Seals keys that were written down before keys were sealed, all in one transaction, and leaves nothing of them in the
 * file (`secure_delete`) or its log. Errors: `sealed`: then they stay as they are.
 */
export async function sealPlainKeys(database: Database, sealer: KeySealer): Promise<void> {
  const certificates = await database.db.selectFrom('certificates').select(['name', 'key_pem']).execute();
  const accounts = await database.db.selectFrom('acme_accounts').select(['directory', 'key_pem']).execute();
  const changes: ((trx: Transaction) => Promise<unknown>)[] = [];
  for (const { name, key_pem: key } of certificates) {
    if (key === null || !isPlain(key)) continue;
    const sealed = await sealer.seal(new Secret(key), aboutCertificate(name));
    changes.push((trx) => trx.updateTable('certificates').set({ key_pem: sealed }).where('name', '=', name).execute());
  }
  for (const { directory, key_pem: key } of accounts) {
    if (!isPlain(key)) continue;
    const sealed = await sealer.seal(new Secret(key), aboutAccount(directory));
    changes.push((trx) =>
      trx.updateTable('acme_accounts').set({ key_pem: sealed }).where('directory', '=', directory).execute(),
    );
  }
  if (changes.length === 0) return;
  await database.write(async (trx) => {
    for (const change of changes) await change(trx);
  });
  database.sqlite.cutLog();
}

function isPlain(text: string): boolean {
  return text.startsWith('-----BEGIN');
}
