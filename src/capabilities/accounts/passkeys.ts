import { isIP } from 'node:net';
import { LotseError } from '../../core/errors.ts';
import type { Actor } from '../../core/events.ts';
import { accountEvent } from './account-events.ts';
import type { AccountParts } from './account-parts.ts';
import type { PersonView } from './accounts-api.ts';
import { hashSecret } from './credential-secrets.ts';
import { PasskeyChallenges } from './passkey-challenges.ts';
import { findPasskey, insertPasskey, listPasskeys, markPasskeyUsed, removePasskey } from './passkey-rows.ts';
import type { StoredPasskey } from './passkey-rows.ts';
import type { PasskeyRequest, PasskeySignIn, PasskeyView } from './sign-in-api.ts';

/**
 * Passkeys (WebAuthn level 3): discoverable, and the authenticator asks who is there, so that one is enough to sign in.
 * `origin` is the page's, as the browser says it and the server has checked it.
 */
export interface Passkeys {
  list(person: string): Promise<readonly PasskeyView[]>;
  /** For `navigator.credentials.create`. Errors: `bad-input` where a page has no name. */
  registrationOptions(person: PersonView, origin: string): Promise<Record<string, unknown>>;
  /** Errors: `bad-input` when the answer does not fit. */
  add(person: PersonView, request: PasskeyRequest, origin: string): Promise<PasskeyView>;
  /** Errors: `not-found`. */
  remove(person: string, id: string, by: Actor): Promise<void>;
  /** For `navigator.credentials.get`. Errors: as of `registrationOptions`. */
  signInOptions(origin: string): Promise<Record<string, unknown>>;
  /** The id of the person; null when nothing proves it. */
  check(request: PasskeySignIn, origin: string): Promise<string | null>;
}

const forSignIn = 'sign-in';

export function createPasskeys(parts: AccountParts): Passkeys {
  const { database, journal, fence, now } = parts;
  const challenges = new PasskeyChallenges(now);
  return {
    list: async (person) => (await listPasskeys(database.db, person)).map(viewPasskey),
    async registrationOptions(person, origin) {
      const { generateRegistrationOptions } = await library();
      const known = await listPasskeys(database.db, person.id);
      const options = await generateRegistrationOptions({
        ...{ rpName: 'Lotse', rpID: nameOf(origin), challenge: challenges.issue(person.id) },
        ...{ userName: person.mail ?? person.name, userDisplayName: person.name, userID: bytesOf(person.id) },
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        excludeCredentials: known.map(({ passkey }) => ({ id: passkey })),
      });
      return { ...options };
    },
    async add(person, request, origin) {
      const passkey = await registered(parts, challenges, person, request, origin);
      await journal.transact(async ({ trx, append }) => {
        if ((await findPasskey(trx, passkey.passkey)) !== null) throw notFitting();
        const payload = { person: person.id, passkey: shortId(passkey) };
        await append('control', fence(), [accountEvent('passkey-added', { kind: 'person', id: person.id }, payload)]);
        await insertPasskey(trx, passkey);
      });
      return viewPasskey(passkey);
    },
    async remove(person, id, by) {
      await journal.transact(async ({ trx, append }) => {
        const passkey = (await listPasskeys(trx, person)).find((each) => shortId(each) === id);
        if (passkey === undefined) throw new LotseError('not-found', 'There is no such passkey.');
        await append('control', fence(), [accountEvent('passkey-removed', by, { person, passkey: id })]);
        await removePasskey(trx, passkey.passkey);
      });
    },
    async signInOptions(origin) {
      const { generateAuthenticationOptions } = await library();
      const options = await generateAuthenticationOptions({
        ...{ rpID: nameOf(origin), challenge: challenges.issue(forSignIn), userVerification: 'required' },
      });
      return { ...options };
    },
    check: (request, origin) => checkPasskey(parts, challenges, request, origin),
  };
}

async function registered(
  { now }: AccountParts,
  challenges: PasskeyChallenges,
  person: PersonView,
  { name, response }: PasskeyRequest,
  origin: string,
): Promise<StoredPasskey> {
  const { verifyRegistrationResponse } = await library();
  const verified = await verifyRegistrationResponse({
    response: { ...response, clientExtensionResults: {} },
    expectedChallenge: (challenge) => challenges.use(challenge, person.id),
    ...{ expectedOrigin: origin, expectedRPID: nameOf(origin), requireUserVerification: true },
  }).catch(() => null);
  if (verified?.verified !== true) throw notFitting();
  const { id, publicKey, counter } = verified.registrationInfo.credential;
  return {
    ...{ passkey: id, person: person.id, name, public_key: Buffer.from(publicKey).toString('base64url') },
    ...{ uses: counter, created_at: now(), last_used_at: null },
  };
}

async function checkPasskey(
  { database, now }: AccountParts,
  challenges: PasskeyChallenges,
  { response }: PasskeySignIn,
  origin: string,
): Promise<string | null> {
  const { verifyAuthenticationResponse } = await library();
  const known = await findPasskey(database.db, response.id);
  if (known === null) return null;
  const publicKey = Uint8Array.from(Buffer.from(known.public_key, 'base64url'));
  const verified = await verifyAuthenticationResponse({
    response: { ...response, clientExtensionResults: {} },
    expectedChallenge: (challenge) => challenges.use(challenge, forSignIn),
    ...{ expectedOrigin: origin, expectedRPID: nameOf(origin), requireUserVerification: true },
    credential: { id: known.passkey, publicKey, counter: known.uses },
  }).catch(() => null);
  if (verified?.verified !== true) return null;
  await markPasskeyUsed(database.db, known.passkey, verified.authenticationInfo.newCounter, now());
  return known.person;
}

/** Loaded when somebody uses a passkey. */
async function library() {
  return await import('@simplewebauthn/server');
}

/** Browsers bind passkeys to a name. */
function nameOf(origin: string): string {
  const { hostname, port } = new URL(origin);
  if (isIP(hostname.replaceAll(/[[\]]/g, '')) === 0) return hostname;
  throw new LotseError('bad-input', 'A passkey belongs to a name, and this page was opened by a numeric address.', {
    hint: `On the machine of Lotse itself, open http://localhost${port === '' ? '' : `:${port}`} instead.`,
  });
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(text));
}

function viewPasskey(passkey: StoredPasskey): PasskeyView {
  const { name, created_at: createdAt, last_used_at: lastUsedAt } = passkey;
  return { id: shortId(passkey), name, createdAt, lastUsedAt };
}

/** Authenticators choose ids of up to a thousand bytes. */
function shortId({ passkey }: StoredPasskey): string {
  return hashSecret(passkey).slice(0, 12);
}

function notFitting(): LotseError {
  return new LotseError('bad-input', 'The answer of the authenticator does not fit.', { hint: 'Try again.' });
}
