import type { LotseDb } from './schema.ts';

/** Does anything in the database need the key of the vault: a value of a secret, or the key of a certificate or an account, what signs webhooks? */
export async function hasSealedValues(db: LotseDb): Promise<boolean> {
  const secret = db.selectFrom('secrets').select('name').where('sealed', 'is not', null).limit(1);
  const certificate = db.selectFrom('certificates').select('name').where('key_pem', 'not like', '-----BEGIN%').limit(1);
  const account = db.selectFrom('acme_accounts').select('url').where('key_pem', 'not like', '-----BEGIN%').limit(1);
  const source = db.selectFrom('sources').select('name').limit(1);
  for (const found of [secret, certificate, account, source])
    if ((await found.executeTakeFirst()) !== undefined) return true;
  return false;
}
