import { createHash, randomBytes } from 'node:crypto';
import type { Actor } from '../../core/events.ts';
import { LotseError } from '../../core/errors.ts';
import { chainOf, type Scope } from '../../core/ids.ts';
import { flagEvent } from './flag-events.ts';
import type { FlagParts } from './flag-parts.ts';
import type { FlagKeyView, NewFlagKeyView } from './flags-api.ts';

/** Whom a key lets in, and where to. */
export interface FlagReader extends Scope {
  readonly key: string;
  /** Null: it came by the proxy, on behalf of a browser. */
  readonly name: string | null;
}

/**
 * Keys that read the flags of one environment and nothing else. Few and asked for all the time: they are kept in memory,
 * by the hash of their secret.
 */
export class FlagKeys {
  readonly #parts: FlagParts;
  readonly #byHash = new Map<string, FlagReader & { readonly createdAt: number }>();
  /** Of this process: the proxy's keys are made of it, and end with it. */
  readonly #processSecret = randomBytes(32);

  private constructor(parts: FlagParts) {
    this.#parts = parts;
  }

  static async open(parts: FlagParts): Promise<FlagKeys> {
    const keys = new FlagKeys(parts);
    const rows = await parts.database.db.selectFrom('flag_keys').selectAll().where('revoked_at', 'is', null).execute();
    for (const { secret_hash: hash, created_at: createdAt, key, name, app, environment } of rows)
      keys.#byHash.set(hash, { key, name, app, environment, createdAt });
    return keys;
  }

  /** Null: unknown or revoked. */
  find(secret: string): FlagReader | null {
    return this.#byHash.get(hashOf(secret)) ?? null;
  }

  list(scope: Scope): FlagKeyView[] {
    const own = [...this.#byHash.values()].filter((each) => each.name !== null && isIn(scope, each));
    return own.map(({ key, name, createdAt }) => ({ key, name: name ?? '', createdAt }));
  }

  async create(scope: Scope, name: string, actor: Actor): Promise<NewFlagKeyView> {
    const { journal, fence, now } = this.#parts;
    const key = randomBytes(6).toString('hex');
    const secret = `lotse_flags_${key}_${randomBytes(32).toString('base64url')}`;
    const { app, environment } = scope;
    const createdAt = now();
    await journal.transact(async ({ trx, append }) => {
      await append(chainOf(scope), fence(), [flagEvent('flag-key-created', { actor, reason: null }, { key })]);
      const by = { created_by_kind: actor.kind, created_by_id: actor.id };
      const row = { key, secret_hash: hashOf(secret), app, environment, name, created_at: createdAt, revoked_at: null };
      await trx
        .insertInto('flag_keys')
        .values({ ...row, ...by })
        .execute();
    });
    this.#byHash.set(hashOf(secret), { key, name, app, environment, createdAt });
    return { key, name, createdAt, secret };
  }

  /** Errors: `not-found`. */
  async revoke(scope: Scope, key: string, actor: Actor): Promise<void> {
    const { journal, fence, now } = this.#parts;
    const found = [...this.#byHash].find(([, each]) => each.key === key && each.name !== null && isIn(scope, each));
    if (found === undefined) {
      const hint = '`lotse flag keys list` shows them.';
      throw new LotseError('not-found', `${scope.environment} has no key ${JSON.stringify(key)}`, { hint });
    }
    await journal.transact(async ({ trx, append }) => {
      await append(chainOf(scope), fence(), [flagEvent('flag-key-revoked', { actor, reason: null }, { key })]);
      await trx.updateTable('flag_keys').set({ revoked_at: now() }).where('key', '=', key).execute();
    });
    this.#byHash.delete(found[0]);
  }

  /** What the proxy of an environment shows for browsers. It is stored nowhere here. */
  proxyKey({ app, environment }: Scope): string {
    const secret = createHash('sha256').update(this.#processSecret).update(`${app}/${environment}`).digest('hex');
    const reader = { key: 'proxy', name: null, app, environment, createdAt: 0 };
    this.#byHash.set(hashOf(secret), reader);
    return secret;
  }
}

function isIn({ app, environment }: Scope, other: Scope): boolean {
  return other.app === app && other.environment === environment;
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
