import { z } from 'zod';
import type { Actor } from '../../core/events.ts';
import { chainOf, type Scope, type UnixMs } from '../../core/ids.ts';
import type { DatabaseJournal } from '../../database/journal.ts';
import { decodeJson, encodeJson } from '../../database/json-column.ts';
import type { Database } from '../../database/open-database.ts';
import type { LotseDb } from '../../database/schema.ts';
import { configEvent } from './config-events.ts';
import { changeSettings, type SettingsVersion, type WantedChange } from './settings.ts';

const place = { variable: z.string(), service: z.string().nullable() };
const settingsDocument = z.array(z.object({ ...place, value: z.string(), version: z.number() }));
const changesDocument = z.array(z.object({ ...place, from: z.string().nullable(), to: z.string().nullable() }));

export interface SettingsParts {
  readonly database: Database;
  readonly journal: DatabaseJournal;
  readonly fence: () => number;
  readonly now: () => UnixMs;
}

/** The latest version, or this one; null: nothing was ever set, or there is no such version. */
export async function settingsVersion(db: LotseDb, scope: Scope, version?: number): Promise<SettingsVersion | null> {
  const rows = rowsOf(db, scope).orderBy('version', 'desc').limit(1);
  const row = await (version === undefined ? rows : rows.where('version', '=', version)).executeTakeFirst();
  return row === undefined ? null : versionOf(row);
}

/** The newest first. */
export async function settingsHistory(db: LotseDb, scope: Scope, most: number): Promise<readonly SettingsVersion[]> {
  return (await rowsOf(db, scope).orderBy('version', 'desc').limit(most).execute()).map(versionOf);
}

/** When settings changed last before that moment; null: never. */
export async function settingsChangedAt(db: LotseDb, scope: Scope, before: UnixMs): Promise<UnixMs | null> {
  const row = await rowsOf(db, scope)
    .where('set_at', '<=', before)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.set_at ?? null;
}

/**
 * Makes a new version, with its event in one transaction; null when everything was as wanted already. Errors: `not-found`
 * for what is to be unset and was not set.
 */
export async function writeSettings(
  { journal, fence, now }: SettingsParts,
  scope: Scope,
  wanted: WantedChange,
  by: Actor,
  reason: string | null,
): Promise<SettingsVersion | null> {
  return await journal.transact(async ({ trx, append }) => {
    const before = await settingsVersion(trx, scope);
    const version = (before?.version ?? 0) + 1;
    const { settings, changes } = changeSettings(before?.settings ?? [], wanted, version);
    if (changes.length === 0) return null;
    const at = now();
    await trx
      .insertInto('config_settings')
      .values({
        ...{ app: scope.app, environment: scope.environment, version, set_at: at, reason },
        ...{ set_by_kind: by.kind, set_by_id: by.id },
        ...{ settings: encodeJson(settings), changes: encodeJson(changes) },
      })
      .execute();
    await append(chainOf(scope), fence(), [configEvent(by, reason, version, changes)]);
    return { version, settings, changes, at, by, reason };
  });
}

function rowsOf(db: LotseDb, { app, environment }: Scope) {
  return db.selectFrom('config_settings').selectAll().where('app', '=', app).where('environment', '=', environment);
}

type Row = NonNullable<Awaited<ReturnType<ReturnType<typeof rowsOf>['executeTakeFirst']>>>;

function versionOf(row: Row): SettingsVersion {
  const where = `config of ${row.environment}, version ${row.version}`;
  return {
    version: row.version,
    settings: decodeJson(row.settings, settingsDocument, where),
    changes: decodeJson(row.changes, changesDocument, where),
    at: row.set_at,
    by: { kind: row.set_by_kind, id: row.set_by_id },
    reason: row.reason,
  };
}
