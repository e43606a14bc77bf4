import { setTimeout as wait } from 'node:timers/promises';
import { toLotseError } from '../core/errors.ts';

/** An outbox: rows that are in a table before anybody outside is called, and until they were taken. */
export interface OutboxTray<Row> {
  /** In the log, when something goes wrong with the outbox itself. */
  readonly name: string;
  /** Those that are due, the oldest first. */
  due(): Promise<readonly Row[]>;
  /** Rows of one receiver go one at a time. */
  receiverOf(row: Row): string;
  /** One attempt; what became of it is written down by whoever made it. Rejects soon after the signal aborts. */
  deliver(row: Row, signal: AbortSignal): Promise<void>;
  /** Called at the start: a new control plane may have a network that the one before had not. */
  tryAllAgain(): Promise<void>;
  /** Called once an hour. */
  forgetOld(): Promise<void>;
  readonly log: (about: object) => void;
}

const lookEveryMs = 500;
const tidyEveryMs = 3_600_000;

/** Delivers what is in an outbox, at least once. A receiver that does not answer holds up itself alone. */
export class OutboxLoop<Row> {
  readonly #tray: OutboxTray<Row>;
  readonly #closing = new AbortController();
  readonly #busy = new Map<string, Promise<void>>();
  #tidiedMs = Number.NEGATIVE_INFINITY;
  #loop: Promise<void> = Promise.resolve();

  constructor(tray: OutboxTray<Row>) {
    this.#tray = tray;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#loop;
    await this.settled();
  }

  /** Begins to deliver what is due. */
  async look(): Promise<void> {
    for (const row of await this.#tray.due()) {
      const receiver = this.#tray.receiverOf(row);
      if (this.#busy.has(receiver) || this.#closing.signal.aborted) continue;
      const sent = this.#tray
        .deliver(row, this.#closing.signal)
        .catch((error: unknown) => this.#log('delivering', error))
        .finally(() => this.#busy.delete(receiver));
      this.#busy.set(receiver, sent);
    }
  }

  async settled(): Promise<void> {
    while (this.#busy.size > 0) await Promise.all(this.#busy.values());
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    const tray = this.#tray;
    await tray.tryAllAgain().catch((error: unknown) => this.#log('taking up', error));
    while (!signal.aborted) {
      await this.look().catch((error: unknown) => this.#log('looking into', error));
      if (performance.now() - this.#tidiedMs > tidyEveryMs) {
        this.#tidiedMs = performance.now();
        await tray.forgetOld().catch((error: unknown) => this.#log('tidying', error));
      }
      await wait(lookEveryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  #log(doing: string, error: unknown): void {
    this.#tray.log({ during: `${doing} ${this.#tray.name}`, error: toLotseError(error).message });
  }
}
