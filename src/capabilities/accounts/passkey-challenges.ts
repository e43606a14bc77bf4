import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { UnixMs } from '../../core/ids.ts';

const validMs = 5 * 60_000;
const randomLength = 16;
const timeLength = 6;

/**
 * What an authenticator has to sign. A challenge carries its own end and the seal of this process, so nothing is kept
 * for people who only ask; what was answered is remembered until it is too old anyway.
 */
export class PasskeyChallenges {
  readonly #key = randomBytes(32);
  readonly #used = new Map<string, UnixMs>();
  readonly #now: () => UnixMs;

  constructor(now: () => UnixMs) {
    this.#now = now;
  }

  /** `purpose`: what its answer will be good for, and for whom. */
  issue(purpose: string): Uint8Array<ArrayBuffer> {
    const time = Buffer.alloc(timeLength);
    time.writeUIntBE(this.#now() + validMs, 0, timeLength);
    const body = Buffer.concat([randomBytes(randomLength), time]);
    return Uint8Array.from(Buffer.concat([body, this.#seal(body, purpose)]));
  }

  /** True once, within five minutes, for a challenge (base64url) that was issued for this purpose. */
  use(challenge: string, purpose: string): boolean {
    const now = this.#now();
    const bytes = Buffer.from(challenge, 'base64url');
    const body = bytes.subarray(0, randomLength + timeLength);
    const seal = bytes.subarray(randomLength + timeLength);
    const expected = this.#seal(body, purpose);
    if (seal.length !== expected.length || !timingSafeEqual(seal, expected)) return false;
    const end = body.readUIntBE(randomLength, timeLength);
    for (const [used, until] of this.#used) if (until <= now) this.#used.delete(used);
    const name = body.toString('hex');
    if (end <= now || this.#used.has(name)) return false;
    this.#used.set(name, end);
    return true;
  }

  #seal(body: Buffer, purpose: string): Buffer {
    return createHmac('sha256', this.#key).update(body).update(purpose).digest();
  }
}
