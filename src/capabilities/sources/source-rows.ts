import { randomBytes } from 'node:crypto';
import type { Selectable } from 'kysely';
import type { Actor } from '../../core/events.ts';
import { chainOf, type AppName, type UnixMs } from '../../core/ids.ts';
import { Secret } from '../../core/secret.ts';
import type { DatabaseJournal } from '../../database/journal.ts';
import type { Database } from '../../database/open-database.ts';
import type { SourcesTable } from '../../database/source-tables.ts';
import type { Source } from './source.ts';
import { sourceEvent } from './source-events.ts';

/** What seals the secrets of webhooks before they are written down. */
export interface HookSealer {
  /** Opens only with the same `about`. Errors: `sealed`. */
  seal(secret: Secret, about: string): Promise<string>;
  /** Errors: `sealed`. */
  open(sealed: string, about: string): Promise<Secret>;
}

export interface SourceRowParts {
  readonly database: Database;
  readonly journal: DatabaseJournal;
  readonly fence: () => number;
  readonly now: () => UnixMs;
  readonly sealer: HookSealer;
}

/** The rules that people have set. */
export class SourceRows {
  readonly #parts: SourceRowParts;

  constructor(parts: SourceRowParts) {
    this.#parts = parts;
  }

  async list(app: AppName): Promise<readonly Source[]> {
    const rows = await this.#select(app).orderBy('name').execute();
    return rows.map(sourceOf);
  }

  async find(app: AppName, name: string): Promise<Source | null> {
    const row = await this.#select(app).where('name', '=', name).executeTakeFirst();
    return row === undefined ? null : sourceOf(row);
  }

  /** What signs its webhooks; null: there is no such source. Errors: `sealed`. */
  async hookSecret(app: AppName, name: string): Promise<Secret | null> {
    const row = await this.#select(app).where('name', '=', name).executeTakeFirst();
    return row === undefined ? null : await this.#parts.sealer.open(row.sealed_hook_secret, about(app, name));
  }

  /** Sets a rule, in place of the one of that name. Answers what signs its webhooks when that was made now. Errors: `sealed`. */
  async put(source: Source, newSecret: boolean, actor: Actor): Promise<Secret | null> {
    const { journal, fence, sealer } = this.#parts;
    const { app, name } = source;
    const known = await this.#select(app).where('name', '=', name).executeTakeFirst();
    const secret = known === undefined || newSecret ? new Secret(randomBytes(32).toString('base64url')) : null;
    const sealed = secret === null ? (known?.sealed_hook_secret ?? '') : await sealer.seal(secret, about(app, name));
    const columns = { ...columnsOf(source), sealed_hook_secret: sealed };
    const payload = { source: name, branch: source.branch, newSecret: secret !== null };
    const draft = sourceEvent('source-connected', actor, payload);
    await journal.appendWith(chainOf(source), fence(), [draft], async (trx) => {
      await trx
        .insertInto('sources')
        .values({ app, name, ...columns })
        .onConflict((conflict) => conflict.columns(['app', 'name']).doUpdateSet(columns))
        .execute();
    });
    return secret;
  }

  /** What it has sent and is not over ends with it. */
  async remove(source: Source, actor: Actor): Promise<void> {
    const { journal, fence, now } = this.#parts;
    const { app, name } = source;
    const draft = sourceEvent('source-disconnected', actor, { source: name });
    await journal.appendWith(chainOf(source), fence(), [draft], async (trx) => {
      await trx
        .deleteFrom('sources')
        .where((row) => row.and({ app, name }))
        .execute();
      await trx
        .updateTable('deliveries')
        .set({ state: 'superseded', note: 'disconnected', ended_at: now() })
        .where((row) => row.and({ app, source: name }))
        .where('state', 'in', ['waiting', 'working'])
        .execute();
    });
  }

  #select(app: AppName) {
    return this.#parts.database.db.selectFrom('sources').selectAll().where('app', '=', app);
  }
}

function about(app: AppName, name: string): string {
  return JSON.stringify(['hook', app, name]);
}

function columnsOf(source: Source) {
  const { kind, address, branch, environment, folder, token, key, tells, connectedAt } = source;
  const secrets = { token_secret: token, key_secret: key };
  return {
    kind,
    address,
    branch,
    environment,
    folder,
    ...secrets,
    is_told: tells ? 1 : 0,
    connected_at: connectedAt,
  } as const;
}

function sourceOf(row: Selectable<SourcesTable>): Source {
  const { app, name, kind, address, branch, environment, folder, token_secret: token, key_secret: key } = row;
  const rest = { tells: row.is_told === 1, connectedAt: row.connected_at };
  return { app, name, kind, address, branch, environment, folder, token, key, ...rest };
}
