import { z } from 'zod';

/** Shapes of the routes about how people prove who they are. Times are unix milliseconds. */
const signInWay = z.enum(['link', 'passkey', 'password']);
export type SignInWay = z.infer<typeof signInWay>;

/** Long rather than colourful (NIST SP 800-63B): nothing is asked about kinds of characters. */
export const passwordRequest = z.object({ password: z.string().min(12).max(200) });

/** `who`: the mail address, or the name where only one person has it. */
export const passwordSignIn = z.object({
  who: z.string().trim().min(1).max(200),
  password: z.string().min(1).max(200),
});

/** What goes to `navigator.credentials`, as JSON (WebAuthn level 3, `parse…OptionsFromJSON`). */
export const passkeyOptions = z.record(z.string(), z.unknown()).meta({ id: 'PasskeyOptions' });

const encoded = z
  .string()
  .max(20_000)
  .regex(/^[\w-]+$/);
const credential = { id: encoded, rawId: encoded, type: z.literal('public-key') };

/** `RegistrationResponseJSON` of WebAuthn, as far as it is looked at. */
export const passkeyRequest = z.object({
  name: z.string().trim().min(1).max(80),
  response: z.object({ ...credential, response: z.object({ clientDataJSON: encoded, attestationObject: encoded }) }),
});

/** `AuthenticationResponseJSON` of WebAuthn, as far as it is looked at. */
export const passkeySignIn = z.object({
  response: z.object({
    ...credential,
    response: z.object({ clientDataJSON: encoded, authenticatorData: encoded, signature: encoded }),
  }),
});

export const passkey = z
  .object({ id: z.string(), name: z.string(), createdAt: z.number(), lastUsedAt: z.number().nullable() })
  .meta({ id: 'Passkey' });

const session = z
  .object({
    id: z.string(),
    way: signInWay,
    agent: z.string().meta({ description: 'What the browser calls itself' }),
    signedInAt: z.number(),
    lastSeenAt: z.number(),
    expiresAt: z.number(),
    isThisOne: z.boolean(),
  })
  .meta({ id: 'Session' });

export const ownAccess = z
  .object({
    passwordSince: z.number().nullable(),
    passkeys: z.array(passkey),
    sessions: z.array(session),
    isFresh: z
      .boolean()
      .meta({ description: 'Signed in within the last 15 minutes: only then password and passkeys are changed' }),
  })
  .meta({ id: 'OwnAccess', description: 'How one signs in, and where one is signed in' });

export type PasskeyView = z.infer<typeof passkey>;
export type SessionView = z.infer<typeof session>;
export type OwnAccessView = z.infer<typeof ownAccess>;
export type PasskeyRequest = z.infer<typeof passkeyRequest>;
export type PasskeySignIn = z.infer<typeof passkeySignIn>;

export const signInRoutes = {
  signInByPassword: 'POST /session/password',
  passkeySignInOptions: 'POST /session/passkey/options',
  signInByPasskey: 'POST /session/passkey',
  ownAccess: 'GET /me/access',
  setPassword: 'PUT /me/password',
  removePassword: 'DELETE /me/password',
  passkeyOptions: 'POST /me/passkeys/options',
  addPasskey: 'POST /me/passkeys',
  removePasskey: 'DELETE /me/passkeys/:passkey',
  /** Everywhere, here too. */
  endSessions: 'DELETE /me/sessions',
  endSession: 'DELETE /me/sessions/:session',
} as const;
