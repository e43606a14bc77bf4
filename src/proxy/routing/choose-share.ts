import { bucketCount } from '../../core/routing-document.ts';

/** State of the hash after the salt, so that only the visitor is hashed for each request. */
export type SaltedHash = number;

const fnvOffset = 0x811c9dc5;
const fnvPrime = 0x01000193;

function fnv1a(text: string, from: number): number {
  let hash = from;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), fnvPrime);
  return hash;
}

export function saltHash(salt: string): SaltedHash {
  return fnv1a(`${salt}/`, fnvOffset);
}

/** Bucket 0 … 999 of a visitor: FNV-1a over `<salt>/<visitor>`, mixed by the finalizer of MurmurHash3 so that all buckets are equally full. */
export function bucketOf(salted: SaltedHash, visitor: string): number {
  let hash = fnv1a(visitor, salted);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % bucketCount;
}

/**
 * Which share a bucket belongs to: buckets 0 … permille-1 to the last share, the next ones to the share before it, and
 * so on. So nobody leaves the last share while it only grows.
 */
export function chooseShare<S extends { readonly permille: number }>(
  shares: readonly S[],
  bucket: number,
): S | undefined {
  let upTo = 0;
  for (let i = shares.length - 1; i >= 0; i--) {
    const share = shares[i];
    if (share === undefined) continue;
    upTo += share.permille;
    if (bucket < upTo) return share;
  }
  return shares[0];
}
