import { LotseError } from '../../core/errors.ts';
import type { Actor } from '../../core/events.ts';
import type { AppName, ArtifactDigest, ReleaseId, RevisionId, Scope, UnixMs } from '../../core/ids.ts';
import { decodeJson, encodeJson } from '../../database/json-column.ts';
import { numberFloor } from '../../database/restores.ts';
import type { LotseDb, Transaction } from '../../database/schema.ts';
import type { Release, Revision } from '../../rollout/release.ts';
import { releaseDocument, revisionDocument } from './documents.ts';

/** Releases and revisions as rows; a document each, with the columns that are looked for. */

export async function insertRelease(trx: Transaction, release: Release, by: Actor): Promise<void> {
  await insertApp(trx, release.app, release.createdAt);
  await trx
    .insertInto('releases')
    .values({
      app: release.app,
      release: release.id,
      number: release.number,
      artifact: release.artifact,
      commit_id: release.source.commit,
      dirty: release.source.dirty ? 1 : 0,
      document: encodeJson(release),
      created_at: release.createdAt,
      created_by_kind: by.kind,
      created_by_id: by.id,
      collected_at: null,
    })
    .execute();
}

/** Harmless when it is known. */
export async function insertApp(trx: Transaction, app: AppName, at: UnixMs): Promise<void> {
  await trx
    .insertInto('apps')
    .values({ app, created_at: at, archived_at: null })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function listReleases(db: LotseDb, app: AppName, limit = 200): Promise<readonly Release[]> {
  const rows = await db
    .selectFrom('releases')
    .select(['release', 'document'])
    .where('app', '=', app)
    .orderBy('number', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => decodeJson(row.document, releaseDocument, `release ${row.release}`));
}

/** Releases that were made of this artifact, the newest first. */
export async function releasesOfArtifact(
  db: LotseDb,
  app: AppName,
  artifact: ArtifactDigest,
): Promise<readonly Release[]> {
  const rows = await db
    .selectFrom('releases')
    .select(['release', 'document'])
    .where('app', '=', app)
    .where('artifact', '=', artifact)
    .orderBy('number', 'desc')
    .execute();
  return rows.map((row) => decodeJson(row.document, releaseDocument, `release ${row.release}`));
}

/** Errors: `not-found`. */
export async function findRelease(db: LotseDb, app: AppName, id: ReleaseId): Promise<Release> {
  const row = await db
    .selectFrom('releases')
    .select('document')
    .where('app', '=', app)
    .where('release', '=', id)
    .executeTakeFirst();
  if (row === undefined) {
    const hint = '`lotse releases` lists what there is.';
    throw new LotseError('not-found', `${app} has no release ${JSON.stringify(id)}`, { hint });
  }
  return decodeJson(row.document, releaseDocument, `release ${id}`);
}

export async function highestReleaseNumber(db: LotseDb, app: AppName): Promise<number> {
  const row = await db
    .selectFrom('releases')
    .select(({ fn }) => fn.max('number').as('number'))
    .where('app', '=', app)
    .executeTakeFirst();
  return Math.max(row?.number ?? 0, await numberFloor(db));
}

export async function insertRevision(trx: Transaction, revision: Revision): Promise<void> {
  await trx
    .insertInto('revisions')
    .values({
      app: revision.app,
      revision: revision.id,
      environment: revision.environment,
      number: revision.number,
      release: revision.release,
      artifact: revision.artifact,
      config_version: revision.configVersion,
      document: encodeJson(revision),
      planned_at: revision.plannedAt,
    })
    .execute();
}

/** Null when nothing of that name was ever planned, or its record is gone. */
export async function findRevision(db: LotseDb, app: AppName, id: RevisionId): Promise<Revision | null> {
  const row = await db
    .selectFrom('revisions')
    .select('document')
    .where('app', '=', app)
    .where('revision', '=', id)
    .executeTakeFirst();
  return row === undefined ? null : decodeJson(row.document, revisionDocument, `revision ${id}`);
}

/** The latest revision of a release in an environment; null when it was never planned there. */
export async function latestRevision(db: LotseDb, scope: Scope, release: ReleaseId): Promise<Revision | null> {
  const row = await db
    .selectFrom('revisions')
    .select(['revision', 'document'])
    .where('app', '=', scope.app)
    .where('environment', '=', scope.environment)
    .where('release', '=', release)
    .orderBy('number', 'desc')
    .executeTakeFirst();
  return row === undefined ? null : decodeJson(row.document, revisionDocument, `revision ${row.revision}`);
}

export async function highestRevisionNumber(db: LotseDb, scope: Scope): Promise<number> {
  const row = await db
    .selectFrom('revisions')
    .select(({ fn }) => fn.max('number').as('number'))
    .where('app', '=', scope.app)
    .where('environment', '=', scope.environment)
    .executeTakeFirst();
  return Math.max(row?.number ?? 0, await numberFloor(db));
}
