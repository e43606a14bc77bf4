import { z } from 'zod';
import type { Actor } from '../../core/events.ts';
import { chainOf, type Scope } from '../../core/ids.ts';
import { decodeJson, encodeJson } from '../../database/json-column.ts';
import { namesOfActors } from '../../database/names-of-actors.ts';
import type { LotseDb, Transaction } from '../../database/schema.ts';
import type { LiveState } from '../../flags/live-state.ts';
import { flagEvent } from './flag-events.ts';
import type { FlagParts } from './flag-parts.ts';
import type { FlagVersionView, LiveStateView } from './flags-api.ts';

const stateColumn = z.object({
  switched: z.enum(['on', 'off']).nullable(),
  defaultVariant: z.string().nullable(),
  percentages: z.array(z.object({ variant: z.string(), percent: z.number() })).nullable(),
});

/** The state in force of each flag that anybody has said something about. */
export async function liveStates(db: LotseDb, scope: Scope): Promise<ReadonlyMap<string, LiveStateView>> {
  const rows = await statesOf(db, scope).orderBy('version').execute();
  return new Map(rows.map((row) => [row.flag, viewOf(row)]));
}

/** All that was ever said about a flag, the latest first. */
export async function stateHistory(db: LotseDb, scope: Scope, flag: string): Promise<FlagVersionView[]> {
  const names = await namesOfActors(db);
  const rows = await statesOf(db, scope).where('flag', '=', flag).orderBy('version', 'desc').limit(200).execute();
  return rows.map((row) => {
    return { ...viewOf(row), by: names.get(row.changed_by_id) ?? row.changed_by_id, reason: row.reason };
  });
}

/** Writes the next version, with its event. `change` is given what holds now. */
export async function writeState(
  { journal, fence, now }: FlagParts,
  scope: Scope,
  flag: string,
  by: { readonly actor: Actor; readonly reason: string | null },
  change: (before: LiveState | null) => LiveState,
): Promise<LiveStateView> {
  return await journal.transact(async ({ trx, append }) => {
    const latest = await statesOf(trx, scope)
      .where('flag', '=', flag)
      .orderBy('version', 'desc')
      .limit(1)
      .executeTakeFirst();
    const state = change(latest === undefined ? null : viewOf(latest));
    const row = {
      ...{ app: scope.app, environment: scope.environment, flag, version: (latest?.version ?? 0) + 1 },
      ...{ state: encodeJson(state), changed_at: now() },
      ...{ changed_by_kind: by.actor.kind, changed_by_id: by.actor.id, reason: by.reason },
    };
    await append(chainOf(scope), fence(), [flagEvent('flag-changed', by, { flag, version: row.version, state })]);
    await trx.insertInto('flag_states').values(row).execute();
    return viewOf(row);
  });
}

function statesOf(db: LotseDb | Transaction, { app, environment }: Scope) {
  return db.selectFrom('flag_states').selectAll().where('app', '=', app).where('environment', '=', environment);
}

type Row = Awaited<ReturnType<ReturnType<typeof statesOf>['execute']>>[number];

function viewOf(row: Row): LiveStateView {
  const state = decodeJson(row.state, stateColumn, `flag_states ${row.flag} ${row.version}`);
  const changedBy = { kind: row.changed_by_kind, id: row.changed_by_id };
  return { version: row.version, ...state, changedAt: row.changed_at, changedBy };
}

/** When each flag was asked for last; the empty name is for all of them together. */
export async function readUses(db: LotseDb, { app, environment }: Scope): Promise<ReadonlyMap<string, number>> {
  const uses = db.selectFrom('flag_uses').select(['flag', 'used_at']);
  const rows = await uses.where('app', '=', app).where('environment', '=', environment).execute();
  return new Map(rows.map((row) => [row.flag, row.used_at]));
}

export async function writeUses(trx: Transaction, scope: Scope, uses: ReadonlyMap<string, number>): Promise<void> {
  for (const [flag, usedAt] of uses) {
    await trx
      .insertInto('flag_uses')
      .values({ app: scope.app, environment: scope.environment, flag, used_at: usedAt })
      .onConflict((conflict) => conflict.columns(['app', 'environment', 'flag']).doUpdateSet({ used_at: usedAt }))
      .execute();
  }
}
