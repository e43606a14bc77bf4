import type { RevisionId, Scope, UnixMs } from '../../core/ids.ts';
import type { LotseDb } from '../../database/schema.ts';
import type { SecretPlace } from '../../ports/secrets/secrets.ts';

/** A rotation whose old value is still valid. */
export interface Rotation {
  readonly name: string;
  readonly oldVersion: string;
  /** Null: it is being written, or was when a control plane died. */
  readonly newVersion: string | null;
  readonly begunAt: UnixMs;
}

export async function rotationsIn(db: LotseDb, scope: Scope): Promise<readonly Rotation[]> {
  const rows = await db
    .selectFrom('secret_rotations')
    .selectAll()
    .where('app', '=', scope.app)
    .where('environment', '=', scope.environment)
    .orderBy('name')
    .execute();
  return rows.map((row) => ({
    name: row.name,
    oldVersion: row.old_version,
    newVersion: row.new_version,
    begunAt: row.begun_at,
  }));
}

export async function putRotation(trx: LotseDb, place: SecretPlace, rotation: Omit<Rotation, 'name'>): Promise<void> {
  const columns = {
    old_version: rotation.oldVersion,
    new_version: rotation.newVersion,
    begun_at: rotation.begunAt,
  };
  await trx
    .insertInto('secret_rotations')
    .values({ ...placed(place), ...columns })
    .onConflict((conflict) => conflict.columns(['app', 'environment', 'name']).doUpdateSet(columns))
    .execute();
}

export async function removeRotation(trx: LotseDb, place: SecretPlace): Promise<void> {
  await trx
    .deleteFrom('secret_rotations')
    .where((row) => row.and(placed(place)))
    .execute();
}

/** The versions that starts of a revision were given last, by name. */
export async function usesOf(db: LotseDb, scope: Scope, revision: RevisionId): Promise<ReadonlyMap<string, string>> {
  const rows = await db
    .selectFrom('secret_uses')
    .select(['name', 'version'])
    .where('app', '=', scope.app)
    .where('environment', '=', scope.environment)
    .where('revision', '=', revision)
    .execute();
  return new Map(rows.map(({ name, version }) => [name, version]));
}

export async function putUses(
  trx: LotseDb,
  scope: Scope,
  revision: RevisionId,
  versions: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, version] of Object.entries(versions)) {
    await trx
      .insertInto('secret_uses')
      .values({ ...placed({ ...scope, name }), revision, version })
      .onConflict((conflict) => conflict.columns(['app', 'environment', 'name', 'revision']).doUpdateSet({ version }))
      .execute();
  }
}

/** When values end elsewhere, by name, in Unix milliseconds. */
export async function termsIn(db: LotseDb, scope: Scope): Promise<ReadonlyMap<string, UnixMs>> {
  const rows = await db
    .selectFrom('secret_terms')
    .select(['name', 'expires_at'])
    .where('app', '=', scope.app)
    .where('environment', '=', scope.environment)
    .execute();
  return new Map(rows.map((row) => [row.name, row.expires_at]));
}

/** Of all environments. */
export async function allTerms(db: LotseDb): Promise<readonly (SecretPlace & { readonly expiresAt: UnixMs })[]> {
  const rows = await db.selectFrom('secret_terms').selectAll().execute();
  return rows.map(({ app, environment, name, expires_at: expiresAt }) => ({ app, environment, name, expiresAt }));
}

/** Null: nobody knows of an end. */
export async function putTerm(db: LotseDb, place: SecretPlace, expiresAt: UnixMs | null): Promise<void> {
  if (expiresAt === null) {
    await db
      .deleteFrom('secret_terms')
      .where((row) => row.and(placed(place)))
      .execute();
    return;
  }
  await db
    .insertInto('secret_terms')
    .values({ ...placed(place), expires_at: expiresAt })
    .onConflict((conflict) => conflict.columns(['app', 'environment', 'name']).doUpdateSet({ expires_at: expiresAt }))
    .execute();
}

function placed({ app, environment, name }: SecretPlace) {
  return { app, environment, name };
}
