import { z } from 'zod';
import { openRoute, route } from '../../api/route.ts';
import type { CallContext, OpenCall, Route } from '../../api/route.ts';
import { LotseError } from '../../core/errors.ts';
import type { PersonView } from './accounts-api.ts';
import * as accounts from './accounts-api.ts';
import { refuseStale } from './refuse-stale.ts';
import type { AccountRouteParts } from './routes.ts';
import type { NewSession } from './sessions.ts';
import * as api from './sign-in-api.ts';
import { viewCaller } from './view-caller.ts';

/** How people sign in, and what they say about how they do. */
export function accessRoutes(parts: AccountRouteParts): readonly Route[] {
  return [
    ...signInRoutes(parts),
    ownAccessRoute(parts),
    ...passwordRoutes(parts),
    ...passkeyRoutes(parts),
    ...sessionRoutes(parts),
  ];
}

function signInRoutes({ accounts: { passwords, passkeys, sessions }, cookie, origin }: AccountRouteParts) {
  const begun = ({ caller, secret, expiresAt }: NewSession, setHeader: OpenCall<unknown>['setHeader']) => {
    setHeader('set-cookie', cookie.write(secret, expiresAt));
    return viewCaller(caller);
  };
  return [
    openRoute({
      at: api.signInRoutes.signInByPassword,
      summary: 'Sign in with mail address (or name) and password',
      body: api.passwordSignIn,
      answer: accounts.me,
      async handle({ body, agent, attemptOn, setHeader }) {
        attemptOn(body.who.toLowerCase());
        const person = await passwords.check(body.who, body.password);
        if (person === null) throw notKnown('That name and password do not belong together.');
        return begun(await sessions.begin(person.id, 'password', agent), setHeader);
      },
    }),
    openRoute({
      at: api.signInRoutes.passkeySignInOptions,
      summary: 'What an authenticator has to sign, for a sign-in by passkey',
      answer: api.passkeyOptions,
      handle: (call) => passkeys.signInOptions(origin(call)),
    }),
    openRoute({
      at: api.signInRoutes.signInByPasskey,
      summary: 'Sign in with a passkey',
      body: api.passkeySignIn,
      answer: accounts.me,
      async handle(call) {
        const person = await passkeys.check(call.body, origin(call));
        if (person === null) throw notKnown('This passkey does not sign you in.');
        return begun(await sessions.begin(person, 'passkey', call.agent), call.setHeader);
      },
    }),
  ];
}

function ownAccessRoute(parts: AccountRouteParts): Route {
  const { passwords, passkeys, sessions } = parts.accounts;
  return route({
    at: api.signInRoutes.ownAccess,
    summary: 'How you sign in, and where you are signed in',
    role: 'viewer',
    answer: api.ownAccess,
    async handle({ caller }) {
      const { id } = await signedIn(parts, caller);
      return {
        passwordSince: await passwords.since(id),
        passkeys: [...(await passkeys.list(id))],
        sessions: [...(await sessions.list(caller))],
        isFresh: await sessions.isFresh(caller),
      };
    },
  });
}

function passwordRoutes(parts: AccountRouteParts): readonly Route[] {
  const { passwords } = parts.accounts;
  return [
    route({
      at: api.signInRoutes.setPassword,
      summary: 'Set your password, within 15 minutes after a sign-in',
      role: 'viewer',
      body: api.passwordRequest,
      answer: z.void(),
      handle: async ({ caller, actor, body }) =>
        await passwords.set(await justSignedIn(parts, caller), body.password, actor),
    }),
    route({
      at: api.signInRoutes.removePassword,
      summary: 'Sign in without a password from now on',
      role: 'viewer',
      answer: z.void(),
      handle: async ({ caller, actor }) => await passwords.remove((await justSignedIn(parts, caller)).id, actor),
    }),
  ];
}

function passkeyRoutes(parts: AccountRouteParts): readonly Route[] {
  const {
    accounts: { passkeys },
    origin,
  } = parts;
  return [
    route({
      at: api.signInRoutes.passkeyOptions,
      summary: 'What an authenticator has to sign, for a new passkey',
      role: 'viewer',
      answer: api.passkeyOptions,
      handle: async (call) => await passkeys.registrationOptions(await justSignedIn(parts, call.caller), origin(call)),
    }),
    route({
      at: api.signInRoutes.addPasskey,
      summary: 'Add a passkey, within 15 minutes after a sign-in',
      role: 'viewer',
      status: 201,
      body: api.passkeyRequest,
      answer: api.passkey,
      handle: async (call) => await passkeys.add(await justSignedIn(parts, call.caller), call.body, origin(call)),
    }),
    route({
      at: api.signInRoutes.removePasskey,
      summary: 'Remove a passkey, within 15 minutes after a sign-in',
      role: 'viewer',
      answer: z.void(),
      handle: async ({ caller, actor, params }) =>
        await passkeys.remove((await justSignedIn(parts, caller)).id, params.passkey, actor),
    }),
  ];
}

function sessionRoutes(parts: AccountRouteParts): readonly Route[] {
  const {
    accounts: { sessions },
    cookie,
  } = parts;
  return [
    route({
      at: api.signInRoutes.endSessions,
      summary: 'Sign out everywhere, here too',
      role: 'viewer',
      answer: z.void(),
      async handle({ caller, setHeader }) {
        await signedIn(parts, caller);
        await sessions.end(caller, null);
        setHeader('set-cookie', cookie.remove());
      },
    }),
    route({
      at: api.signInRoutes.endSession,
      summary: 'End one of your sessions',
      role: 'viewer',
      answer: z.void(),
      async handle({ caller, params }) {
        await signedIn(parts, caller);
        await sessions.end(caller, params.session);
      },
    }),
  ];
}

/** The person of a session: a token that leaked must not learn or change how its person signs in. Errors: `forbidden`. */
async function signedIn(
  { accounts: { people } }: AccountRouteParts,
  caller: CallContext['caller'],
): Promise<PersonView> {
  const person = (await people.list()).find(({ id }) => id === caller.actor.id);
  if (caller.credential.kind === 'session' && person !== undefined) return person;
  throw new LotseError('forbidden', 'This is about a person who is signed in, and a token is not.', {
    hint: 'Sign in to the dashboard: `lotse sign-in` prints a link.',
  });
}

async function justSignedIn(parts: AccountRouteParts, caller: CallContext['caller']): Promise<PersonView> {
  const person = await signedIn(parts, caller);
  await refuseStale(parts.accounts.sessions, caller);
  return person;
}

/** The same for whoever is unknown, disabled or mistyped. */
function notKnown(message: string): LotseError {
  return new LotseError('unauthenticated', message, {
    hint: 'Who runs Lotse can make a sign-in link: `lotse sign-in`.',
  });
}
