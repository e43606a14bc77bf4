import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { isBusy } from './database.ts';
import type { Rows } from './rows.ts';

type Listener = {
  readonly collection: string;
  seen: number;
  /** Looks at the store and calls the app's listener if there is news. */
  readonly look: () => void;
  readonly fail: (error: unknown) => void;
};

/** How often SQLite's data version is asked, in milliseconds: reading one number from shared memory. */
const quietMs = 1_000;
const unwatchedMs = 100;
const awakeMs = 15;
/** So long after something moved in the folder it is asked often: a commit shows a little after its first write. */
const awakeForMs = 250;

/**
 * Tells listeners about changes. Those by this process are noticed at once. Those by others show as writes in the folder,
 * which the operating system tells; then SQLite is asked until its data version has changed. So an idle process costs
 * next to nothing. Where a folder cannot be watched (some network file systems), SQLite is asked ten times a second.
 */
export class Listeners {
  readonly #rows: Rows;
  readonly #folder: string;
  readonly #mayWatch: boolean;
  readonly #listeners = new Set<Listener>();
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Immediate | undefined;
  #dataVersion = 0;
  #awakeUntil = 0;

  constructor(rows: Rows, folder: string, mayWatch: boolean) {
    this.#rows = rows;
    this.#folder = folder;
    this.#mayWatch = mayWatch;
  }

  add(collection: string, look: () => void, fail: (error: unknown) => void): () => void {
    const listener: Listener = { collection, seen: -1, look, fail };
    this.#listeners.add(listener);
    if (this.#timer === undefined) this.#begin();
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
    clearImmediate(this.#soon);
    this.#soon = undefined;
    this.#end();
  }

  #begin(): void {
    if (this.#mayWatch) this.#watcher = this.#watch();
    this.#sleep();
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #watch(): FSWatcher | undefined {
    try {
      const watcher = watch(this.#folder, () => this.#wake());
      watcher.on('error', () => {
        watcher.close();
        if (this.#watcher === watcher) this.#watcher = undefined;
      });
      return watcher;
    } catch {
      return undefined; // no more watches, or none at all, in this system
    }
  }

  #wake(): void {
    const now = Date.now();
    const wasAsleep = now >= this.#awakeUntil;
    this.#awakeUntil = now + awakeForMs;
    if (wasAsleep) this.#sleep();
  }

  #sleep(): void {
    clearTimeout(this.#timer);
    const asleepMs = this.#watcher === undefined ? unwatchedMs : quietMs;
    this.#timer = setTimeout(() => this.#poll(), Date.now() < this.#awakeUntil ? awakeMs : asleepMs);
  }

  #remove(listener: Listener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size === 0) this.#end();
  }

  #poll(): void {
    this.#sleep();
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
