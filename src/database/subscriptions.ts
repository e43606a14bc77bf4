import { setTimeout as wait } from 'node:timers/promises';
import { LotseError } from '../core/errors.ts';
import type { UnixMs } from '../core/ids.ts';
import type { DatabaseJournal } from './journal.ts';
import type { PositionedEvent } from './journal-rows.ts';
import type { Database } from './open-database.ts';
import { loadCursor, saveCursor, saveFailure } from './subscription-rows.ts';

export interface Subscriber {
  /** Unique for ever: the cursor is kept under it. */
  readonly name: string;
  /** Where a new name begins: at the first event, or after the latest one. */
  readonly from: 'start' | 'now';
  /**
   * Gets every event in order, at least once: after a crash or a failure it sees some again, so it must be idempotent
   * (e.g. by the event's id). While it throws it is called again with the same event, later and later.
   */
  handle(event: PositionedEvent): Promise<void>;
}

export interface Subscription {
  /** Resolves when every event up to the journal's present end has been handled (not before, however long that takes). */
  caughtUp(): Promise<void>;
  /** Waits for the handler that is running. The cursor stays. */
  stop(): Promise<void>;
}

export interface SubscriptionsOptions {
  readonly now: () => UnixMs;
  /** Wait before the n-th repetition of a failed event (n = 1, 2, …), in milliseconds. */
  readonly backOffMs?: (failures: number) => number;
  /** Told of each failure; one of the handler (with its event) is also kept in the table `subscriptions`. */
  readonly onFailure?: (name: string, event: PositionedEvent | null, error: unknown) => void;
}

export interface Subscriptions {
  /** A name may be subscribed once at a time. */
  subscribe(subscriber: Subscriber): Promise<Subscription>;
  stopAll(): Promise<void>;
}

const batchSize = 100;
/** What an append is about goes first: subscribers look a moment later, and at all that has come by then, in milliseconds. */
const gatherMs = 20;
const defaultBackOffMs = (failures: number): number => Math.min(60_000, 250 * 2 ** Math.min(failures - 1, 10));

/** Durable subscribers: each goes through the whole journal, at its own speed, over restarts. */
export function openSubscriptions(
  database: Database,
  journal: DatabaseJournal,
  options: SubscriptionsOptions,
): Subscriptions {
  const running = new Map<string, SubscriptionLoop>();
  return {
    async subscribe(subscriber) {
      if (running.has(subscriber.name)) throw new LotseError('conflict', `${subscriber.name} is subscribed already.`);
      const loop = new SubscriptionLoop(database, journal, subscriber, options, () => running.delete(subscriber.name));
      running.set(subscriber.name, loop);
      await loop.start().catch((error: unknown) => {
        running.delete(subscriber.name);
        throw error;
      });
      return loop;
    },
    async stopAll() {
      await Promise.all([...running.values()].map((loop) => loop.stop()));
    },
  };
}

class SubscriptionLoop implements Subscription {
  readonly #database: Database;
  readonly #journal: DatabaseJournal;
  readonly #subscriber: Subscriber;
  readonly #options: SubscriptionsOptions;
  readonly #onStop: () => void;
  readonly #stopping = new AbortController();
  #stopListening: () => void = () => undefined;
  #wake: () => void = () => undefined;
  #done: Promise<void> = Promise.resolve();
  #position = 0;
  #waiting: { readonly until: number; readonly resolve: () => void }[] = [];

  constructor(
    database: Database,
    journal: DatabaseJournal,
    subscriber: Subscriber,
    options: SubscriptionsOptions,
    onStop: () => void,
  ) {
    this.#database = database;
    this.#journal = journal;
    this.#subscriber = subscriber;
    this.#options = options;
    this.#onStop = onStop;
  }

  async start(): Promise<void> {
    const { name, from } = this.#subscriber;
    const start = from === 'start' ? 0 : await this.#journal.lastPosition();
    this.#position = await loadCursor(this.#database, name, start, this.#options.now());
    this.#stopListening = this.#journal.onAppend(() => this.#wake());
    this.#done = this.#run();
  }

  async caughtUp(): Promise<void> {
    const until = await this.#journal.lastPosition();
    if (until <= this.#position || this.#stopping.signal.aborted) return;
    await new Promise<void>((resolve) => this.#waiting.push({ until, resolve }));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#stopListening();
    this.#wake();
    await this.#done;
    for (const { resolve } of this.#waiting.splice(0)) resolve();
    this.#onStop();
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#stopping.signal.aborted;) {
      // Armed before reading: an append in between is then not slept through.
      const appended = new Promise<void>((resolve) => (this.#wake = resolve));
      try {
        const events = await this.#journal.readAll({ afterPosition: this.#position, limit: batchSize });
        if (events.length === 0) await appended.then(() => this.#pause(gatherMs));
        else await this.#handleBatch(events);
        failures = 0;
      } catch (error) {
        // The database itself (a full disk, …): nothing can be recorded there, so it is only told.
        failures += 1;
        this.#options.onFailure?.(this.#subscriber.name, null, error);
        await this.#backOff(failures);
      }
    }
  }

  /** The cursor is stored once per batch: what a crash repeats is one batch at most. */
  async #handleBatch(events: readonly PositionedEvent[]): Promise<void> {
    for (const event of events) {
      if (!(await this.#handleUntilDone(event))) break;
      this.#position = event.position;
    }
    await saveCursor(this.#database, this.#subscriber.name, this.#position, this.#options.now());
    const reached = this.#waiting.filter(({ until }) => until <= this.#position);
    this.#waiting = this.#waiting.filter(({ until }) => until > this.#position);
    for (const { resolve } of reached) resolve();
  }

  /** False: stopped before it succeeded. */
  async #handleUntilDone(event: PositionedEvent): Promise<boolean> {
    const { name } = this.#subscriber;
    const { now, onFailure } = this.#options;
    for (let failures = 1; !this.#stopping.signal.aborted; failures += 1) {
      try {
        await this.#subscriber.handle(event);
        return true;
      } catch (error) {
        onFailure?.(name, event, error);
        const message = error instanceof Error ? error.message : String(error);
        await saveFailure(this.#database, { name, position: this.#position, failures, message, at: now() });
        await this.#backOff(failures);
      }
    }
    return false;
  }

  async #backOff(failures: number): Promise<void> {
    const { backOffMs = defaultBackOffMs } = this.#options;
    await this.#pause(backOffMs(failures));
  }

  /** Ends early, without an error, when the subscription is stopped. */
  async #pause(ms: number): Promise<void> {
    await wait(ms, undefined, { signal: this.#stopping.signal, ref: false }).catch(() => undefined);
  }
}
