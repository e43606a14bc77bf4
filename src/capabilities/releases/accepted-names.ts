import { chainOf, type ChainName, type Scope } from '../../core/ids.ts';
import type { DatabaseJournal } from '../../database/journal.ts';
import type { LotseDb } from '../../database/schema.ts';
import type { FrontDoors, TrustedProxy } from '../../core/routing-document.ts';
import type { TlsDefinition } from '../../manifest/app-manifest.ts';
import { acceptedText } from './accepted-text.ts';
import { listEnvironmentRows, type AcceptedEnvironment } from './environment-rows.ts';
import { environmentOf } from './release-manifest.ts';

/** Names of an environment, and how they are secured, as its accepted definition says. */
export interface AcceptedNames extends Scope {
  readonly domains: readonly string[];
  readonly tls: TlsDefinition;
  readonly trustedProxies: readonly TrustedProxy[];
}

const withoutTls: TlsDefinition = { source: { kind: 'off' }, redirects: false, hstsMs: 0 };

/**
 * Reads them. The engine asks every second and a release never changes, so a manifest is read once for each release
 * that an environment's definition comes from.
 */
export class NameBook {
  readonly #db: LotseDb;
  readonly #known = new Map<ChainName, { readonly hash: string; readonly names: AcceptedNames }>();
  /** What was accepted, as of now; null: to be read. */
  #rows: Promise<readonly AcceptedEnvironment[]> | null = null;

  private constructor(db: LotseDb) {
    this.#db = db;
  }

  /**
   * Reads those of all environments, because the front doors are theirs together. `journal`: whoever accepts a definition
   * writes an event of it.
   */
  static async open(db: LotseDb, journal: Pick<DatabaseJournal, 'onAppend'>): Promise<NameBook> {
    const book = new NameBook(db);
    journal.onAppend((events) => {
      if (events.some(({ type }) => type === 'definition-accepted')) book.#rows = null;
    });
    await book.all();
    return book;
  }

  /** What environments say about the front doors, which they share: it holds for all of them. */
  doors(): Pick<FrontDoors, 'trustedProxies'> {
    return { trustedProxies: trustedProxiesOf([...this.#known.values()].map(({ names }) => names)) };
  }

  /** Of one environment; without a name while no definition was accepted. */
  async of(scope: Scope): Promise<AcceptedNames> {
    const rows = await this.#accepted();
    const row = rows.find((each) => each.app === scope.app && each.environment === scope.environment);
    return row === undefined ? { ...scope, domains: [], tls: withoutTls, trustedProxies: [] } : await this.#read(row);
  }

  /** Of all environments, the oldest first. One whose release cannot be read must not hold up the others. */
  async all(): Promise<readonly AcceptedNames[]> {
    const rows = await this.#accepted();
    const names = await Promise.all(rows.map((row) => this.#read(row).catch(() => null)));
    return names.filter((each) => each !== null);
  }

  async #accepted(): Promise<readonly AcceptedEnvironment[]> {
    const rows = (this.#rows ??= listEnvironmentRows(this.#db, null));
    return await rows.catch((error: unknown) => {
      if (this.#rows === rows) this.#rows = null;
      throw error;
    });
  }

  async #read(row: AcceptedEnvironment): Promise<AcceptedNames> {
    const { app, environment, hash } = row;
    const chain = chainOf({ app, environment });
    const before = this.#known.get(chain);
    if (before?.hash === hash) return before.names;
    const { domains, tls, trustedProxies } = environmentOf(await acceptedText(this.#db, row), environment);
    const names = { app, environment, domains, tls, trustedProxies };
    this.#known.set(chain, { hash, names });
    return names;
  }
}

/** Everybody who is trusted by one of them, once. */
export function trustedProxiesOf(
  environments: readonly Pick<AcceptedNames, 'trustedProxies'>[],
): readonly TrustedProxy[] {
  const all = environments.flatMap((each) => each.trustedProxies);
  const byText = new Map(all.map((proxy) => [`${proxy.network} ${proxy.protocol}`, proxy]));
  return [...byText.values()].toSorted((a, b) => (a.network < b.network ? -1 : a.network > b.network ? 1 : 0));
}
