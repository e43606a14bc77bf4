import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/** The cost that OWASP's password storage cheat sheet names for Argon2id: 9 MiB, four passes, one lane. */
const cost = { memory: 9_216, passes: 4, parallelism: 1, tagLength: 32 };
const derive = promisify(argon2);

/** `argon2id$<salt>$<hash>`, both base64url. */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(16);
  const hash = await derive('argon2id', { ...cost, message: password, nonce });
  return `argon2id$${nonce.toString('base64url')}$${hash.toString('base64url')}`;
}

/** Takes as long when `stored` is undefined, so that nobody learns by the clock who has an account. */
export async function isPassword(password: string, stored: string | undefined): Promise<boolean> {
  const [, salt = '', hash = ''] = (stored ?? `argon2id$${'A'.repeat(22)}$${'A'.repeat(43)}`).split('$');
  const nonce = Buffer.from(salt, 'base64url');
  const derived = await derive('argon2id', { ...cost, message: password, nonce });
  const expected = Buffer.from(hash, 'base64url');
  return derived.length === expected.length && timingSafeEqual(derived, expected) && stored !== undefined;
}
