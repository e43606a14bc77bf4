import { isBusy } from './database.ts';
import type { Rows } from './rows.ts';

type Listener = {
  readonly collection: string;
  seen: number;
  /** Looks at the store and calls the app's listener if there is news. */
  readonly look: () => void;
  readonly fail: (error: unknown) => void;
};

/**
 * Tells listeners about changes. Changes by this process are noticed at once; those by others by asking SQLite for its
 * data version, which reads one number from shared memory: ten times a second it costs about a thousandth of a core.
 * Nothing is asked while nobody listens.
 */
export class Listeners {
  readonly #rows: Rows;
  readonly #pollMs: number;
  readonly #listeners = new Set<Listener>();
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Immediate | undefined;
  #dataVersion = 0;

  constructor(rows: Rows, pollMs: number) {
    this.#rows = rows;
    this.#pollMs = pollMs;
  }

  add(collection: string, look: () => void, fail: (error: unknown) => void): () => void {
    const listener: Listener = { collection, seen: -1, look, fail };
    this.#listeners.add(listener);
    this.#timer ??= setInterval(() => this.#poll(), this.#pollMs);
    this.soon();
    return () => this.#remove(listener);
  }

  /** Look at the collections again, after the caller's own code has gone on. */
  soon(): void {
    this.#soon ??= setImmediate(() => {
      this.#soon = undefined;
      this.#lookAll();
    });
  }

  close(): void {
    this.#listeners.clear();
    clearInterval(this.#timer);
    clearImmediate(this.#soon);
    this.#timer = undefined;
    this.#soon = undefined;
  }

  #remove(listener: Listener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #poll(): void {
    try {
      const dataVersion = this.#rows.dataVersion();
      if (dataVersion === this.#dataVersion) return;
      this.#dataVersion = dataVersion;
    } catch (error) {
      if (isBusy(error)) return; // the next look is soon
      throw error;
    }
    this.#lookAll();
  }

  #lookAll(): void {
    for (const listener of this.#listeners) {
      try {
        const changed = this.#rows.changed(listener.collection);
        if (changed === listener.seen) continue;
        listener.look();
        listener.seen = changed;
      } catch (error) {
        if (isBusy(error)) {
          this.#dataVersion = -1; // so that the next poll looks again
          continue;
        }
        this.#remove(listener);
        listener.fail(error);
      }
    }
  }
}
