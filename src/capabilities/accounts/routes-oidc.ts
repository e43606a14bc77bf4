import { z } from 'zod';
import { openRoute, route } from '../../api/route.ts';
import type { Route } from '../../api/route.ts';
import { LotseError } from '../../core/errors.ts';
import { hasRole } from './accounts.ts';
import type { Caller } from './accounts.ts';
import type { OidcRuleView } from './oidc-api.ts';
import * as api from './oidc-api.ts';
import type { AccountRouteParts } from './routes.ts';

/** Which pipelines are let in, and how they come in. */
export function oidcRoutes({ accounts: { oidc }, address }: AccountRouteParts): readonly Route[] {
  return [
    route({
      at: api.oidcRoutes.allowOidc,
      summary: 'Say which identity tokens of a CI become a token of Lotse',
      role: 'admin',
      status: 201,
      body: api.oidcRuleRequest,
      answer: api.oidcRule,
      async handle({ body, caller, actor }) {
        refuseMore(caller, body.roles);
        return await oidc.allow(body, address(), actor);
      },
    }),
    route({
      at: api.oidcRoutes.listOidc,
      summary: 'Which pipelines are let in without a stored secret',
      role: 'viewer',
      answer: z.array(api.oidcRule),
      handle: async () => [...(await oidc.list())],
    }),
    route({
      at: api.oidcRoutes.removeOidc,
      summary: 'Let such pipelines in no longer; tokens that they have count until their hour is over',
      role: 'admin',
      answer: z.void(),
      handle: ({ params, actor }) => oidc.remove(params.rule, actor),
    }),
    openRoute({
      at: api.oidcRoutes.exchangeOidc,
      summary: 'Exchange the identity token of a CI for a token that counts for a short time',
      body: api.oidcExchange,
      answer: api.oidcToken,
      handle: ({ body }) => oidc.exchange(body),
    }),
  ];
}

/** Nobody hands on more than they have: an admin who may not approve lets no pipeline approve. Errors: `forbidden`. */
function refuseMore(caller: Caller, roles: OidcRuleView['roles']): void {
  const missing = roles.filter((wanted) => !hasRole(caller.roles, wanted));
  if (missing.length === 0) return;
  throw new LotseError('forbidden', `You cannot hand on what you do not have: ${missing.join(', ')}.`);
}
