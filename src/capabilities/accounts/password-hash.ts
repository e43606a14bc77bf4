import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/**
 * Passwords are kept as Argon2id (RFC 9106) in the PHC string format. Memory in KiB; the numbers are those that OWASP
 * recommends where many may be computed at once. A hash of other numbers still verifies by its own.
 */
const cost = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const hashBytes = 32;
const saltBytes = 16;

const derive = promisify(argon2);

/** What is compared where there is no password, so that the answer takes as long. Nobody knows what it is the hash of. */
export const decoyHash = write(cost, Buffer.alloc(saltBytes, 7), Buffer.alloc(hashBytes, 7));

interface Cost {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  return write(cost, salt, await hashOf(password, salt, cost, hashBytes));
}

/** False also for text that is no hash. Takes the same time wherever the two differ. */
export async function isPassword(password: string, stored: string): Promise<boolean> {
  const [, memory, passes, parallelism, salt = '', hash = ''] =
    /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$([\w+/]+)\$([\w+/]+)$/.exec(stored) ?? [];
  if (memory === undefined) return false;
  const expected = Buffer.from(hash, 'base64');
  const own = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  return timingSafeEqual(await hashOf(password, Buffer.from(salt, 'base64'), own, expected.length), expected);
}

/** One password, however its letters were composed by the keyboard (NIST SP 800-63B asks for NFKC). */
async function hashOf(password: string, nonce: Buffer, own: Cost, tagLength: number): Promise<Buffer> {
  return await derive('argon2id', { message: password.normalize('NFKC'), nonce, tagLength, ...own });
}

function write({ memory, passes, parallelism }: Cost, salt: Buffer, hash: Buffer): string {
  const encoded = [salt, hash].map((bytes) => bytes.toString('base64').replace(/=+$/, ''));
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${encoded.join('$')}`;
}
