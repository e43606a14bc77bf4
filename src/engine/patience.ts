import { LotseError } from '../core/errors.ts';
import { Deadlines } from './deadlines.ts';
import type { EngineParts } from './parts.ts';

/**
 * How long one call is waited for, in milliseconds: an answer or an order; what carries a look to the public route or
 * evidence together; what the contract says is done at once; and anything of a port of which a call hangs already.
 */
export const waitMs = { usual: 10_000, long: 30_000, short: 2_000, hanging: 1_000 } as const;
/** An order that is under way for so long counts as lost: it is given again. In milliseconds. */
const lostMs = 15_000;
/** A question that was not answered for so long is forgotten, in milliseconds. */
const forgottenMs = 60_000;
/** While questions hang, the next of the same kind comes so much later for each of them, in milliseconds. */
const spacing = { each: 1_000, most: 10_000 };

/** Who is called, in the words of a message; what is asked there, so that the same questions are known; how long it may take. */
export interface Call {
  readonly port: string;
  readonly what: string;
  readonly withinMs: number;
}

/** An order at a port. `key`: what it is about; a newer one of the same key is not the same order when its text differs. */
export interface Ordering extends Call {
  readonly key: string;
  readonly text: string;
}

interface Hanging {
  readonly port: string;
  readonly what: string;
  readonly sinceMs: number;
}

interface Order extends Hanging {
  readonly text: string;
  readonly done: Promise<void>;
  /** How many wait for it now. */
  waiting: number;
}

/**
 * Ports hang: a call that never answers must not hold up whoever waits. Each is waited for only so long; after that it
 * has failed with `timeout` (retriable), and an answer that comes later counts for nothing. Of one kind of question few
 * are under way at once. An order is given once: whoever gives it again while it is under way waits for the same one.
 */
export class Patience {
  readonly #clock: EngineParts['clock'];
  readonly #deadlines: Deadlines;
  readonly #hanging = new Set<Hanging>();
  readonly #askedAt = new Map<string, number>();
  readonly #orders = new Map<string, Order>();
  /** Orders that nobody waited for to the end. */
  readonly #slow = new Set<Hanging>();

  constructor(clock: EngineParts['clock']) {
    this.#clock = clock;
    this.#deadlines = new Deadlines(clock);
  }

  /** Nobody calls for now. */
  close(): void {
    this.#deadlines.close();
  }

  /** Errors: those of the call, and `timeout`. */
  async ask<Value>(call: Call, ask: () => Promise<Value>): Promise<Value> {
    const { port, what } = call;
    const now = this.#clock.uptime();
    this.#forget(now);
    const open = [...this.#hanging].filter((each) => each.port === port && each.what === what).length;
    const sinceMs = now - (this.#askedAt.get(`${port} ${what}`) ?? -Infinity);
    if (open > 0 && sinceMs < Math.min(spacing.most, spacing.each * open))
      throw new LotseError('timeout', `${port} has not answered yet (${what})`, { retriable: true });
    this.#askedAt.set(`${port} ${what}`, now);
    const answer = ask();
    const answered = () => this.#answers(call);
    answer.then(answered, answered);
    try {
      return await this.#inTime(call, answer);
    } catch (error) {
      if (error instanceof Overdue) this.#hanging.add({ port, what, sinceMs: now });
      throw error;
    }
  }

  /**
   * Resolves when it is carried out. `inDoubt` is called when nobody waits for it any more, and again when it ends then:
   * it may take hold at any time until that, or after what was ordered later. Errors: those of the call, and `timeout`.
   */
  async order(ordering: Ordering, give: () => Promise<void>, inDoubt: () => void): Promise<void> {
    const { key, text } = ordering;
    const known = this.#orders.get(key);
    const isSame = known?.text === text && this.#clock.uptime() - known.sinceMs < lostMs;
    const order = known !== undefined && isSame ? known : this.#give(ordering, give, inDoubt);
    order.waiting++;
    try {
      await this.#inTime(ordering, order.done);
    } catch (error) {
      if (error instanceof Overdue) {
        this.#slow.add(order);
        inDoubt();
      }
      throw error;
    } finally {
      order.waiting--;
    }
  }

  #give({ key, text, port, what }: Ordering, give: () => Promise<void>, inDoubt: () => void): Order {
    const done = give();
    const order: Order = { port, what, text, sinceMs: this.#clock.uptime(), done, waiting: 0 };
    this.#orders.set(key, order);
    const ended = () => {
      const isLatest = this.#orders.get(key) === order;
      if (isLatest) this.#orders.delete(key);
      this.#slow.delete(order);
      if (!isLatest || order.waiting === 0) inDoubt();
    };
    done.then(ended, ended);
    return order;
  }

  async #inTime<Value>({ port, what, withinMs }: Call, answer: Promise<Value>): Promise<Value> {
    const ms = this.#isHanging(port) ? Math.min(withinMs, waitMs.hanging) : withinMs;
    const { promise: late, reject } = Promise.withResolvers<never>();
    const answered = this.#deadlines.set(ms, () => reject(new Overdue(port, what, ms)));
    try {
      return await Promise.race([answer, late]);
    } finally {
      answered();
    }
  }

  /** Whoever answers one question answers the next: those of its kind that still hang hold nothing back. */
  #answers({ port, what }: Call): void {
    for (const each of this.#hanging) if (each.port === port && each.what === what) this.#hanging.delete(each);
  }

  #isHanging(port: string): boolean {
    this.#forget(this.#clock.uptime());
    return [...this.#hanging, ...this.#slow].some((each) => each.port === port);
  }

  #forget(now: number): void {
    for (const known of [this.#hanging, this.#slow])
      for (const each of known) if (now - each.sinceMs >= forgottenMs) known.delete(each);
  }
}

class Overdue extends LotseError {
  constructor(port: string, what: string, ms: number) {
    super('timeout', `${port} did not answer within ${ms / 1_000} s (${what})`, { retriable: true });
  }
}
