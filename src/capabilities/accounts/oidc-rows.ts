import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { UnixMs } from '../../core/ids.ts';
import type { OidcRulesTable } from '../../database/account-tables.ts';
import { decodeJson, encodeJson } from '../../database/json-column.ts';
import type { LotseDb, Transaction } from '../../database/schema.ts';
import { role } from './accounts-api.ts';
import type { OidcRuleView } from './oidc-api.ts';

type Db = LotseDb | Transaction;

const claimsColumn = z.record(z.string(), z.string());
const rolesColumn = z.array(role);
const namesColumn = z.array(z.string());

/** Oldest first: the first one that fits counts. */
export async function listOidcRules(db: Db): Promise<readonly OidcRuleView[]> {
  const rows = await db.selectFrom('oidc_rules').selectAll().orderBy('created_at').orderBy('rule').execute();
  return rows.map(viewRule);
}

export async function insertOidcRule(db: Db, rule: OidcRuleView): Promise<void> {
  const { id, issuer, audience, app } = rule;
  await db
    .insertInto('oidc_rules')
    .values({
      ...{ rule: id, issuer, audience, app, claims: encodeJson(rule.claims), roles: encodeJson(rule.roles) },
      ...{ environments: encodeJson(rule.environments), valid_ms: rule.validMs },
      ...{ created_at: rule.createdAt, last_used_at: rule.lastUsedAt },
    })
    .execute();
}

/** False: there is no such rule. */
export async function deleteOidcRule(db: Db, id: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom('oidc_rules').where('rule', '=', id).executeTakeFirst();
  return numDeletedRows > 0n;
}

export async function markOidcRuleUsed(db: Db, id: string, now: UnixMs): Promise<void> {
  await db.updateTable('oidc_rules').set({ last_used_at: now }).where('rule', '=', id).execute();
}

function viewRule(row: Selectable<OidcRulesTable>): OidcRuleView {
  const { rule: id, issuer, audience, app } = row;
  const where = `oidc_rules ${id}`;
  return {
    ...{ id, issuer, audience, app, claims: decodeJson(row.claims, claimsColumn, where) },
    ...{ roles: decodeJson(row.roles, rolesColumn, where) },
    ...{ environments: decodeJson(row.environments, namesColumn, where), validMs: row.valid_ms },
    ...{ createdAt: row.created_at, lastUsedAt: row.last_used_at },
  };
}
