import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Of a token only the hash is stored: the secret is shown once. */
export interface TokenSecret {
  readonly id: string;
  /** `lotse_<id>_<random>`: easily found by scanners that look for leaked secrets. */
  readonly secret: string;
}

const tokenForm = /^lotse_([0-9a-f]{12})_[A-Za-z0-9_-]{43}$/;

export function newTokenSecret(): TokenSecret {
  const id = newCredentialId();
  return { id, secret: `lotse_${id}_${newSecret()}` };
}

/** The token's id; null when the text has not the form of a token. */
export function tokenIdOf(secret: string): string | null {
  return tokenForm.exec(secret)?.[1] ?? null;
}

/** 256 random bits, safe in URLs and cookies. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

export function newCredentialId(): string {
  return randomBytes(6).toString('hex');
}

/** SHA-256 in hex. Enough for secrets of 256 random bits; passwords would need more. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Takes the same time whether the first digit or the last one differs. */
export function hasHash(secret: string, storedHash: string): boolean {
  const given = Buffer.from(hashSecret(secret));
  const stored = Buffer.from(storedHash);
  return given.length === stored.length && timingSafeEqual(given, stored);
}
