import { LotseError } from '../../core/errors.ts';
import type { Actor } from '../../core/events.ts';
import { accountEvent } from './account-events.ts';
import type { AccountParts } from './account-parts.ts';
import { newCredentialId } from './credential-secrets.ts';
import { fitsClaims, missingIdentity, sayClaims, textOf } from './match-claims.ts';
import type { Claims } from './match-claims.ts';
import type { OidcExchange, OidcRuleRequest, OidcRuleView, OidcTokenView } from './oidc-api.ts';
import { createOidcIssuers, namedIssuer } from './oidc-issuers.ts';
import { deleteOidcRule, insertOidcRule, listOidcRules, markOidcRuleUsed } from './oidc-rows.ts';
import type { Tokens } from './tokens.ts';

/** Pipelines without a stored secret: what a CI has signed about a job becomes a token that counts for a short time. */
export interface Oidc {
  /** `audience`: what a rule asks for that says nothing. Errors: `bad-input` for a rule that would let strangers in. */
  allow(request: OidcRuleRequest, audience: string, by: Actor): Promise<OidcRuleView>;
  list(): Promise<readonly OidcRuleView[]>;
  /** Tokens that were handed out by it are revoked by themselves when their time is over. Errors: `not-found`. */
  remove(id: string, by: Actor): Promise<void>;
  /** Errors: `unauthenticated`, `bad-input` when rules of several apps fit, `unreachable` for the issuer. */
  exchange(request: OidcExchange): Promise<OidcTokenView>;
}

export function createOidc(parts: AccountParts, tokens: Tokens): Oidc {
  const { database, journal, fence, now } = parts;
  const issuers = createOidcIssuers(now);
  return {
    list: () => listOidcRules(database.db),
    async allow({ audience: given, ...request }, audience, by) {
      refuseOpenRule(request.issuer, request.claims);
      const times = { createdAt: now(), lastUsedAt: null };
      const rule: OidcRuleView = { id: newCredentialId(), audience: given ?? audience, ...request, ...times };
      const { id, validMs: _valid, createdAt: _at, lastUsedAt: _used, ...told } = rule;
      await journal.transact(async ({ trx, append }) => {
        await append('control', fence(), [accountEvent('oidc-allowed', by, { rule: id, ...told })]);
        await insertOidcRule(trx, rule);
      });
      return rule;
    },
    async remove(id, by) {
      await journal.transact(async ({ trx, append }) => {
        if (!(await deleteOidcRule(trx, id))) {
          throw new LotseError('not-found', `There is no rule ${id}.`, { hint: '`lotse oidc list` shows them.' });
        }
        await append('control', fence(), [accountEvent('oidc-removed', by, { rule: id })]);
      });
    },
    async exchange({ token, app }) {
      const issuer = await namedIssuer(token);
      const rules = (await listOidcRules(database.db)).filter((rule) => rule.issuer === issuer);
      if (issuer === null || rules.length === 0) throw refused('No rule is about tokens of this issuer.');
      const claims = await issuers.verify(token, issuer, [...new Set(rules.map(({ audience }) => audience))]);
      const rule = chooseRule(rules, claims, app);
      return await handOut(parts, tokens, rule, claims);
    },
  };
}

/** The first that fits, among those for the app that was asked for. */
function chooseRule(rules: readonly OidcRuleView[], claims: Claims, app: string | null): OidcRuleView {
  const audiences: readonly unknown[] = Array.isArray(claims['aud']) ? claims['aud'] : [claims['aud']];
  const fitting = rules.filter((rule) => audiences.includes(rule.audience) && fitsClaims(rule.claims, claims));
  const [first, ...others] = fitting.filter((rule) => app === null || rule.app === app);
  if (first === undefined) throw refused(`No rule allows this pipeline: ${sayClaims(claims)}.`);
  if (others.every((rule) => rule.app === first.app)) return first;
  const apps = [...new Set(fitting.map((rule) => rule.app))];
  throw new LotseError('bad-input', `Rules of several apps fit: ${apps.join(', ')}.`, { hint: 'Name one: `--app`.' });
}

async function handOut(
  { database, journal, fence, now }: AccountParts,
  tokens: Tokens,
  { id: rule, roles, app, environments, validMs }: OidcRuleView,
  claims: Claims,
): Promise<OidcTokenView> {
  const name = nameOf(claims);
  const request = { name, roles, speaksFor: 'system', app, environments, validMs } as const;
  const token = await tokens.createForLotse(request, null);
  const expiresAt = token.expiresAt ?? now() + validMs;
  const run = textOf(claims['run_id']) ?? textOf(claims['job_id']);
  const actor = { kind: 'token', id: token.id } as const;
  await journal.append('control', fence(), [
    accountEvent('oidc-exchanged', actor, { rule, token: token.id, run, expiresAt }),
  ]);
  await markOidcRuleUsed(database.db, rule, now());
  return { secret: token.secret, expiresAt, roles, app, environments };
}

/** Which pipeline it is, as the journal's pages show it. */
function nameOf(claims: Claims): string {
  const whose = textOf(claims['repository']) ?? textOf(claims['project_path']) ?? textOf(claims['sub']) ?? 'pipeline';
  const ref = textOf(claims['ref']);
  return `${whose}${ref === null ? '' : ` at ${ref}`}`.slice(0, 80);
}

function refuseOpenRule(issuer: string, claims: Readonly<Record<string, string>>): void {
  const { protocol, hostname } = new URL(issuer);
  if (protocol !== 'https:' && !/^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)) {
    throw new LotseError('bad-input', `${issuer} is not asked by https, so anybody on the way could sign tokens.`);
  }
  const missing = missingIdentity(claims);
  if (missing !== null) throw new LotseError('bad-input', missing);
}

function refused(message: string): LotseError {
  return new LotseError('unauthenticated', message, { hint: '`lotse oidc list` shows what is allowed.' });
}
