import { createHash } from 'node:crypto';

/**
 * A hash chain over salted payload hashes: the payload (with its salt) can be erased later and the chain still verifies.
 * Any other change, a removed row in the middle, or a reordered one breaks it; a cut tail is seen by a head kept elsewhere.
 */
export interface ChainLink {
  readonly chain: string;
  readonly sequence: number;
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly at: number;
  readonly actor: string;
  readonly correlationId: string | null;
  readonly payloadHash: string;
}

/** The hash before the first link of a chain. */
export const chainStart = '0'.repeat(64);

/** SHA-256 in hex over the salt and the exact text that is stored. */
export function hashPayload(salt: string, text: string): string {
  return createHash('sha256').update(salt).update('\n').update(text).digest('hex');
}

/** SHA-256 in hex over the hash before and every field of the link, as a JSON array so that no two links read alike. */
export function hashLink(previousHash: string, link: ChainLink): string {
  const fields = [
    previousHash,
    link.chain,
    link.sequence,
    link.id,
    link.type,
    link.version,
    link.at,
    link.actor,
    link.correlationId,
    link.payloadHash,
  ];
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex');
}
