import { setTimeout as sleep } from 'node:timers/promises';
import type { RoutedFlags } from '../../core/routing-document.ts';
import { toLotseError } from '../../core/errors.ts';
import type { Scope } from '../../core/ids.ts';
import type { DatabaseJournal } from '../../database/journal.ts';
import type { FlagBook } from './flag-book.ts';
import type { FlagKeys } from './flag-keys.ts';

interface ProxyDoorParts {
  readonly book: FlagBook;
  readonly keys: FlagKeys;
  readonly journal: Pick<DatabaseJournal, 'onAppend'>;
  readonly scopes: () => Promise<readonly Scope[]>;
  /** Tells the proxies what holds now. */
  readonly publish: () => Promise<void>;
  readonly log: (about: object) => void;
}

/** Until definitions follow what the journal says, in milliseconds. */
const settleMs = 100;

/** What proxies are told, so that browsers reach the flags of the environments that have any. */
export class ProxyDoor {
  readonly #parts: ProxyDoorParts;
  #port: number | null = null;
  #door: RoutedFlags | null = null;
  #refreshing: Promise<void> = Promise.resolve();
  #isDirty = false;
  readonly #stopListening: () => void;

  constructor(parts: ProxyDoorParts) {
    this.#parts = parts;
    const matters = new Set(['rollout-planned', 'rollout-live', 'rollout-ended']);
    this.#stopListening = parts.journal.onAppend((events) => {
      if (events.some(({ type }) => matters.has(type))) this.#refresh();
    });
  }

  doors(): { readonly flags?: RoutedFlags } {
    return this.#door === null ? {} : { flags: this.#door };
  }

  /** From now on flags are served at this port of loopback. */
  async open(port: number): Promise<void> {
    this.#port = port;
    this.#refresh();
    await this.#refreshing;
  }

  async close(): Promise<void> {
    this.#stopListening();
    this.#port = null;
    await this.#refreshing;
  }

  /** One after another, and what comes meanwhile together in one more. */
  #refresh(): void {
    if (this.#isDirty) return;
    this.#isDirty = true;
    this.#refreshing = this.#refreshing.then(async () => {
      await sleep(settleMs);
      this.#isDirty = false;
      await this.#tell().catch((error: unknown) => {
        this.#parts.log({ during: 'telling proxies about flags', error: toLotseError(error).message });
      });
    });
  }

  async #tell(): Promise<void> {
    const { book, keys, scopes, publish } = this.#parts;
    const port = this.#port;
    if (port === null) return;
    const environments = [];
    for (const { app, environment } of await scopes()) {
      const flags = await book.of({ app, environment });
      if (flags.known.size > 0) environments.push({ app, environment, key: keys.proxyKey({ app, environment }) });
    }
    const door = environments.length === 0 ? null : { address: { host: '127.0.0.1', port }, environments };
    if (JSON.stringify(door) === JSON.stringify(this.#door)) return;
    this.#door = door;
    await publish();
  }
}
