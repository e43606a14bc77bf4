import { createHmac, randomBytes } from 'node:crypto';

const dayMs = 86_400_000;

/** A secret of one day, for another process. `secret` is hexadecimal. */
export interface TicketSecret {
  readonly day: number;
  readonly secret: string;
}

/**
 * Keys of TLS session tickets, a new one each day. All processes that were given the same secret have the same key at the
 * same time without talking, so a client can resume its session with whichever worker accepts it. The secret of a day is
 * made from that of the day before and cannot be turned back: who reads it cannot open older tickets.
 */
export class TicketKeys {
  #day: number;
  #secret: Buffer;

  constructor(from: TicketSecret) {
    this.#day = from.day;
    this.#secret = Buffer.from(from.secret, 'hex');
  }

  /** `nowMs`: the wall clock. */
  static random(nowMs: number): TicketKeys {
    return new TicketKeys({ day: dayOf(nowMs), secret: randomBytes(48).toString('hex') });
  }

  /** What another process needs to have the same keys. */
  shared(nowMs: number): TicketSecret {
    this.#advance(nowMs);
    return { day: this.#day, secret: this.#secret.toString('hex') };
  }

  /** The key of the day: 48 bytes, as `node:tls` takes them. */
  key(nowMs: number): Buffer {
    this.#advance(nowMs);
    return derive(this.#secret, 'key');
  }

  /** Wall clock (ms) at which the key changes. */
  validUntilMs(nowMs: number): number {
    this.#advance(nowMs);
    return (this.#day + 1) * dayMs;
  }

  #advance(nowMs: number): void {
    for (const day = dayOf(nowMs); this.#day < day; this.#day++) this.#secret = derive(this.#secret, 'next day');
  }
}

function derive(secret: Buffer, purpose: string): Buffer {
  return createHmac('sha384', secret).update(purpose).digest();
}

function dayOf(nowMs: number): number {
  return Math.floor(nowMs / dayMs);
}
