import { z } from 'zod';
import { openRoute, route } from '../../api/route.ts';
import type { Route } from '../../api/route.ts';
import { LotseError } from '../../core/errors.ts';
import { hasRole, personOf, signInLinkValidMs } from './accounts.ts';
import type { Caller } from './accounts.ts';
import * as api from './accounts-api.ts';
import type { Accounts } from './open-accounts.ts';
import { refuseStale } from './refuse-stale.ts';
import { accessRoutes } from './routes-access.ts';
import { oidcRoutes } from './routes-oidc.ts';
import type { SessionCookie } from './session-cookie.ts';
import { viewCaller } from './view-caller.ts';

export interface AccountRouteParts {
  readonly accounts: Accounts;
  readonly cookie: SessionCookie;
  /** Where people reach the server. */
  readonly address: () => string;
  /** The page that asks, as its browser says and the server has checked. Errors: `bad-input` when no page asks. */
  readonly origin: (call: { readonly origin: string | null }) => string;
  /** The page that exchanges the secret for a session; the secret stands behind `#`, so that no server log has it. */
  readonly signInUrl: (secret: string) => string;
}

export function createAccountRoutes(parts: AccountRouteParts): readonly Route[] {
  const { accounts } = parts;
  return [
    ...[...sessionRoutes(parts), ...accessRoutes(parts), signInLinkRoute(parts)],
    ...[...tokenRoutes(accounts), ...peopleRoutes(accounts), ...oidcRoutes(parts)],
  ];
}

function sessionRoutes({ accounts: { sessions }, cookie }: AccountRouteParts): readonly Route[] {
  return [
    route({
      at: api.accountRoutes.me,
      summary: 'Whom this credential names',
      role: 'viewer',
      binding: 'by-handler',
      answer: api.me,
      handle: ({ caller }) => viewCaller(caller),
    }),
    openRoute({
      at: api.accountRoutes.signIn,
      summary: 'Exchange a one-time link for a session cookie',
      body: api.signInRequest,
      answer: api.me,
      async handle({ body, agent, setHeader }) {
        const { caller, secret, expiresAt } = await sessions.signIn(body.link, agent);
        setHeader('set-cookie', cookie.write(secret, expiresAt));
        return viewCaller(caller);
      },
    }),
    route({
      at: api.accountRoutes.signOut,
      summary: 'End the session',
      role: 'viewer',
      binding: 'by-handler',
      answer: z.void(),
      async handle({ caller, setHeader }) {
        await sessions.signOut(caller);
        setHeader('set-cookie', cookie.remove());
      },
    }),
  ];
}

function signInLinkRoute({ accounts: { sessions, people }, signInUrl }: AccountRouteParts): Route {
  return route({
    at: api.accountRoutes.createSignInLink,
    summary: 'A link that signs a person in once, within 15 minutes or what an invitation needs',
    role: 'viewer',
    status: 201,
    body: api.signInLinkRequest,
    answer: api.signInLink,
    async handle({ caller, actor, body }) {
      refuseSignInLink(caller, body);
      await refuseStale(sessions, caller);
      const person = body.person ?? personOf(caller) ?? (await people.ensureOwner()).id;
      const { secret, expiresAt } = await sessions.createLink(person, actor, body.validMs ?? signInLinkValidMs);
      return { url: signInUrl(secret), expiresAt };
    },
  });
}

function tokenRoutes({ tokens, sessions }: Accounts): readonly Route[] {
  return [
    route({
      at: api.accountRoutes.createToken,
      summary: 'Make a token; its secret is answered this once',
      role: 'viewer',
      binding: 'by-handler',
      status: 201,
      body: api.tokenRequest,
      answer: api.newToken,
      async handle({ caller, body }) {
        await refuseStale(sessions, caller);
        return await tokens.create(caller, body);
      },
    }),
    route({
      at: api.accountRoutes.listTokens,
      summary: 'Your tokens; for an admin all tokens',
      role: 'viewer',
      binding: 'by-handler',
      answer: z.array(api.tokenView),
      handle: async ({ caller }) => [...(await tokens.list(caller))],
    }),
    route({
      at: api.accountRoutes.revokeToken,
      summary: 'Revoke a token at once',
      role: 'viewer',
      binding: 'by-handler',
      answer: z.void(),
      handle: ({ caller, params }) => tokens.revoke(caller, params.token),
    }),
  ];
}

function peopleRoutes({ people }: Accounts): readonly Route[] {
  return [
    route({
      at: api.accountRoutes.listPeople,
      summary: 'Who can sign in',
      role: 'viewer',
      answer: z.array(api.person),
      handle: async () => [...(await people.list())],
    }),
    route({
      at: api.accountRoutes.addPerson,
      summary: 'Add a person, who then needs a sign-in link',
      role: 'admin',
      status: 201,
      body: api.personRequest,
      answer: api.person,
      handle: ({ body, actor }) => people.add(body, actor),
    }),
    route({
      at: api.accountRoutes.changePerson,
      summary: 'Change roles, name or address of a person, or disable them',
      role: 'admin',
      body: api.personChange,
      answer: api.person,
      handle: ({ params, body, actor }) => people.change(params.person, body, actor),
    }),
    route({
      at: api.accountRoutes.erasePerson,
      summary: 'Forget name and address of a person, and end all their access',
      role: 'admin',
      answer: z.void(),
      handle: ({ params, actor }) => people.erase(params.person, actor),
    }),
  ];
}

export const { health } = api;

/**
 * A session has all roles of its person, so a token must not come by one unless it is an admin's. A link that counts for
 * days is an invitation: an admin's too.
 */
function refuseSignInLink(caller: Caller, { person, validMs }: z.output<typeof api.signInLinkRequest>): void {
  if (hasRole(caller.roles, 'admin')) return;
  const isOwn = person === null || person === caller.id;
  if (caller.credential.kind === 'session' && isOwn && (validMs ?? 0) <= signInLinkValidMs) return;
  throw new LotseError('forbidden', 'A sign-in link for others, for days or by a token is made by an admin.');
}
