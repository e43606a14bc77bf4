import { z } from 'zod';
import { openRoute, route } from '../../api/route.ts';
import type { Route } from '../../api/route.ts';
import { LotseError } from '../../core/errors.ts';
import { hasRole, personOf } from './accounts.ts';
import type { Caller } from './accounts.ts';
import * as api from './accounts-api.ts';
import type { Accounts } from './open-accounts.ts';
import type { SessionCookie } from './session-cookie.ts';

export interface AccountRouteParts {
  readonly accounts: Accounts;
  readonly cookie: SessionCookie;
  /** The page that exchanges the secret for a session; the secret stands behind `#`, so that no server log has it. */
  readonly signInUrl: (secret: string) => string;
}

export function createAccountRoutes(parts: AccountRouteParts): readonly Route[] {
  const { accounts } = parts;
  return [...sessionRoutes(parts), signInLinkRoute(parts), ...tokenRoutes(accounts), ...peopleRoutes(accounts)];
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
      async handle({ body, setHeader }) {
        const { caller, secret, expiresAt } = await sessions.signIn(body.link);
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
    summary: 'A link that signs a person in once, within 15 minutes',
    role: 'viewer',
    status: 201,
    body: api.signInLinkRequest,
    answer: api.signInLink,
    async handle({ caller, actor, body }) {
      refuseSignInLink(caller, body.person);
      const person = body.person ?? personOf(caller) ?? (await people.ensureOwner()).id;
      const { secret, expiresAt } = await sessions.createLink(person, actor);
      return { url: signInUrl(secret), expiresAt };
    },
  });
}

function tokenRoutes({ tokens }: Accounts): readonly Route[] {
  return [
    route({
      at: api.accountRoutes.createToken,
      summary: 'Make a token; its secret is answered this once',
      role: 'viewer',
      binding: 'by-handler',
      status: 201,
      body: api.tokenRequest,
      answer: api.newToken,
      handle: ({ caller, body }) => tokens.create(caller, body),
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
      at: api.accountRoutes.erasePerson,
      summary: 'Forget name and address of a person, and end all their access',
      role: 'admin',
      answer: z.void(),
      handle: ({ params, actor }) => people.erase(params.person, actor),
    }),
  ];
}

export const { health } = api;

/** A session has all roles of its person, so a token must not come by one unless it is an admin's. */
function refuseSignInLink(caller: Caller, person: string | null): void {
  if (hasRole(caller.roles, 'admin')) return;
  if (caller.credential.kind === 'session' && (person === null || person === caller.id)) return;
  throw new LotseError('forbidden', 'A sign-in link for others, or by a token, is made by an admin.');
}

function viewCaller({ kind, id, name, roles }: Caller): api.MeView {
  return { kind, id, name, roles: [...roles] };
}
