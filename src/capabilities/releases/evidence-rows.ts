import { z } from 'zod';
import type { AppName, ReleaseId, RevisionId, RolloutId, Scope, UnixMs } from '../../core/ids.ts';
import { decodeJson, encodeJson } from '../../database/json-column.ts';
import type { LotseDb, Transaction } from '../../database/schema.ts';
import type { Evidence, Override } from '../../rollout/gate.ts';

const count = z.number();
const scanDetails = z.object({ findings: z.object({ critical: count, high: count, medium: count, low: count }) });

/** Evidence, overrides and quarantine as rows. */

export async function insertEvidence(trx: Transaction, app: AppName, evidence: Evidence): Promise<void> {
  const { subject, by } = evidence;
  await trx
    .insertInto('evidence')
    .values({
      id: evidence.id,
      app,
      environment: evidence.environment,
      gate: evidence.gate,
      subject_kind: subject.kind,
      subject_id: subject.kind === 'release' ? subject.release : subject.revision,
      by_kind: by.kind,
      by_id: by.id,
      at: evidence.at,
      until: evidence.until,
      hash: evidence.hash,
      summary: evidence.summary,
      details: evidence.findings === undefined ? null : encodeJson({ findings: evidence.findings }),
      withdrawn_at: null,
    })
    // A scan that says the same again is the latest word again.
    .onConflict((conflict) =>
      evidence.findings === undefined ? conflict.doNothing() : conflict.column('id').doUpdateSet({ at: evidence.at }),
    )
    .execute();
}

/** Everything that counts for a release, or for one of its revisions, in whatever environment it was found. */
export async function evidenceFor(
  db: LotseDb,
  app: AppName,
  release: ReleaseId,
  revision: RevisionId | null,
): Promise<readonly Evidence[]> {
  const rows = await db
    .selectFrom('evidence')
    .selectAll()
    .where('app', '=', app)
    .where('withdrawn_at', 'is', null)
    .where('subject_id', 'in', revision === null ? [release] : [release, revision])
    .orderBy('at')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    gate: row.gate,
    environment: row.environment,
    subject:
      row.subject_kind === 'release'
        ? { kind: 'release', release: row.subject_id }
        : { kind: 'revision', revision: row.subject_id },
    by: { kind: row.by_kind, id: row.by_id },
    at: row.at,
    until: row.until,
    hash: row.hash,
    summary: row.summary,
    ...(row.details === null ? {} : decodeJson(row.details, scanDetails, `evidence ${row.id}`)),
  }));
}

/** Of what a rollout proves of its release. */
export function verifiedId({ app, rollout }: { readonly app: AppName; readonly rollout: RolloutId }): string {
  return `${app}/${rollout}/verified`;
}

export async function hasEvidence(db: LotseDb, id: string): Promise<boolean> {
  return (await db.selectFrom('evidence').select('id').where('id', '=', id).executeTakeFirst()) !== undefined;
}

/** Releases that a gate has evidence for, the latest first. */
export async function releasesWithEvidence(db: LotseDb, app: AppName, gate: string): Promise<readonly ReleaseId[]> {
  const rows = await db
    .selectFrom('evidence')
    .select('subject_id')
    .where('app', '=', app)
    .where('gate', '=', gate)
    .where('subject_kind', '=', 'release')
    .where('withdrawn_at', 'is', null)
    .orderBy('at', 'desc')
    .execute();
  return [...new Set(rows.map((row) => row.subject_id))];
}

/** Before a rollout exists, an override waits under the release; the rollout that uses it takes it with it. */
export async function insertOverride(
  trx: Transaction,
  scope: Scope,
  forWhat: RolloutId | ReleaseId,
  id: string,
  override: Override,
): Promise<void> {
  await trx
    .insertInto('overrides')
    .values({
      id,
      ...scope,
      rollout: forWhat,
      gate: override.gate,
      by_kind: override.by.kind,
      by_id: override.by.id,
      at: override.at,
      reason: override.reason,
    })
    .execute();
}

export async function overridesFor(
  db: LotseDb,
  scope: Scope,
  forWhat: readonly string[],
): Promise<readonly Override[]> {
  const rows = await db
    .selectFrom('overrides')
    .selectAll()
    .where('app', '=', scope.app)
    .where('environment', '=', scope.environment)
    .where('rollout', 'in', forWhat)
    .orderBy('at')
    .execute();
  return rows.map((row) => ({
    gate: row.gate,
    by: { kind: row.by_kind, id: row.by_id },
    at: row.at,
    reason: row.reason,
  }));
}

/** The rollout takes the overrides that were given for its release: no later one can use them. */
export async function takeOverrides(trx: Transaction, scope: Scope, release: ReleaseId, rollout: RolloutId) {
  await trx
    .updateTable('overrides')
    .set({ rollout })
    .where('app', '=', scope.app)
    .where('environment', '=', scope.environment)
    .where('rollout', '=', release)
    .execute();
}

export interface Quarantine {
  readonly release: ReleaseId;
  readonly environment: string;
  readonly reason: string;
  readonly changes: readonly string[];
  readonly at: UnixMs;
}

const causeDocument = z.object({ message: z.string() });
const changesDocument = z.array(z.string());

export async function insertQuarantine(
  trx: Transaction,
  app: AppName,
  rollout: RolloutId,
  quarantine: Quarantine,
): Promise<void> {
  await trx
    .insertInto('quarantine')
    .values({
      id: rollout,
      app,
      release: quarantine.release,
      environment: quarantine.environment,
      rollout,
      cause: encodeJson({ message: quarantine.reason }),
      changes: encodeJson(quarantine.changes),
      at: quarantine.at,
      lifted_at: null,
      lifted_by_kind: null,
      lifted_by_id: null,
      lifted_reason: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function quarantinesOf(db: LotseDb, app: AppName): Promise<readonly Quarantine[]> {
  const rows = await db
    .selectFrom('quarantine')
    .selectAll()
    .where('app', '=', app)
    .where('lifted_at', 'is', null)
    .orderBy('at')
    .execute();
  return rows.map((row) => ({
    release: row.release,
    environment: row.environment,
    reason: decodeJson(row.cause, causeDocument, `quarantine ${row.id}`).message,
    changes: decodeJson(row.changes, changesDocument, `quarantine ${row.id}`),
    at: row.at,
  }));
}
