import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Role } from './accounts-api.ts';
import type { Accounts } from './open-accounts.ts';

const roles: readonly Role[] = ['developer', 'approver', 'operator', 'admin'];

/**
 * The credential of commands that are typed on this machine, in a file that only its owner can read. It speaks for the
 * first admin, and is kept as long as it is valid.
 */
export async function keepLocalToken(file: string, server: string, accounts: Accounts): Promise<string> {
  const known = await knownToken(file);
  const isValid = (await accounts.tokens.authenticate(known)) !== null;
  const token = isValid ? known : await newToken(accounts);
  await writeFile(`${file}.part`, JSON.stringify({ server, token }), { mode: 0o600 });
  await rename(`${file}.part`, file);
  return token;
}

async function newToken(accounts: Accounts): Promise<string> {
  const owner = await accounts.people.ensureOwner();
  const request = { name: 'commands on this machine', roles: [...roles], app: null, environments: null, validMs: null };
  return (await accounts.tokens.createForLotse({ ...request, speaksFor: 'me' }, owner.id)).secret;
}

async function knownToken(file: string): Promise<string> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    return typeof value === 'object' && value !== null && 'token' in value ? String(value.token) : '';
  } catch {
    return '';
  }
}
