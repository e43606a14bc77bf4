import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Actor } from '../../core/events.ts';
import type { AppName, ReleaseId, Scope, ServiceName, UnixMs } from '../../core/ids.ts';
import { decodeJson, encodeJson } from '../../database/json-column.ts';
import type { LotseDb, Transaction } from '../../database/schema.ts';
import type { DefinitionText } from './release-manifest.ts';

/** The environment's definition is the one of the release from which it was last accepted. */
export interface AcceptedEnvironment extends Scope {
  /** Release 0: `adopted` is in force. */
  readonly release: ReleaseId;
  /** What came when release 0 was adopted here; null: none was. */
  readonly adopted: DefinitionText | null;
  /** Other when another definition is in force. */
  readonly hash: string;
  readonly acceptedAt: UnixMs;
}

const accepted = z.object({
  release: z.string(),
  adopted: z
    .object({
      manifestText: z.string(),
      hasDockerfile: z.boolean(),
      checklists: z.record(z.string(), z.string()),
    })
    .nullable()
    .default(null),
});

/** `adopted`: what came with release 0; left out, what came before is kept. */
export async function acceptDefinition(
  trx: Transaction,
  scope: Scope,
  release: ReleaseId,
  by: Actor,
  at: UnixMs,
  adopted?: DefinitionText,
) {
  const kept = adopted ?? (await findEnvironmentRow(trx, scope))?.adopted ?? null;
  const definition = encodeJson(kept === null ? { release } : { release, adopted: kept });
  const hash = createHash('sha256').update(definition).digest('hex');
  const columns = {
    definition,
    definition_hash: hash,
    accepted_at: at,
    accepted_by_kind: by.kind,
    accepted_by_id: by.id,
  };
  await trx
    .insertInto('environments')
    .values({
      ...scope,
      ...columns,
      kind: 'declared',
      port: null,
      state: 'new',
      live_revision: null,
      settled_revision: null,
      created_at: at,
      expires_at: null,
    })
    .onConflict((conflict) => conflict.columns(['app', 'environment']).doUpdateSet(columns))
    .execute();
}

export async function findEnvironmentRow(db: LotseDb, scope: Scope): Promise<AcceptedEnvironment | null> {
  const rows = await listEnvironmentRows(db, scope.app);
  return rows.find((row) => row.environment === scope.environment) ?? null;
}

/** Environments of an app, or of all. */
export async function listScopes(db: LotseDb, app: AppName | null): Promise<readonly Scope[]> {
  return (await listEnvironmentRows(db, app)).map(({ app: name, environment }) => ({ app: name, environment }));
}

export async function listEnvironmentRows(db: LotseDb, app: AppName | null): Promise<readonly AcceptedEnvironment[]> {
  let query = db
    .selectFrom('environments')
    .select(['app', 'environment', 'definition', 'definition_hash', 'accepted_at']);
  if (app !== null) query = query.where('app', '=', app);
  const rows = await query.orderBy('created_at').execute();
  return rows.map((row) => ({
    app: row.app,
    environment: row.environment,
    ...decodeJson(row.definition, accepted, `environment ${row.app}/${row.environment}`),
    hash: row.definition_hash,
    acceptedAt: row.accepted_at,
  }));
}

export async function listAppRows(
  db: LotseDb,
): Promise<readonly { readonly app: AppName; readonly createdAt: UnixMs }[]> {
  const rows = await db.selectFrom('apps').select(['app', 'created_at']).orderBy('app').execute();
  return rows.map((row) => ({ app: row.app, createdAt: row.created_at }));
}

export async function learnFixedPort(db: LotseDb, scope: Scope, service: ServiceName, port: number, at: UnixMs) {
  const columns = { fixed_port: port, learned_at: at };
  await db
    .insertInto('service_facts')
    .values({ ...scope, service, boot_ms: null, learned_from: null, ...columns })
    .onConflict((conflict) => conflict.columns(['app', 'environment', 'service']).doUpdateSet(columns))
    .execute();
}

/** Services of the app that ignore PORT, with where they listen, whatever environment showed it. */
export async function fixedPorts(db: LotseDb, app: AppName): Promise<ReadonlyMap<ServiceName, number>> {
  const rows = await db
    .selectFrom('service_facts')
    .select(['service', 'fixed_port'])
    .where('app', '=', app)
    .where('fixed_port', 'is not', null)
    .execute();
  return new Map(rows.flatMap((row) => (row.fixed_port === null ? [] : [[row.service, row.fixed_port]])));
}
