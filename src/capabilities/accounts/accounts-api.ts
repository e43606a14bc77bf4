import { z } from 'zod';

/** Shapes of the routes about who may do what. Roles are cumulative only where the table of routes says so. Times are unix milliseconds. */
export const role = z.enum(['viewer', 'developer', 'approver', 'operator', 'admin']);
export type Role = z.infer<typeof role>;

export const me = z
  .object({ kind: z.enum(['person', 'token']), id: z.string(), name: z.string(), roles: z.array(role) })
  .meta({ id: 'Me', description: 'Whom this credential names' });

/** Names have no commas: a column holds several. */
export const environmentNames = z
  .array(z.string().regex(/^[^,]{1,80}$/))
  .min(1)
  .max(50);

export const tokenRequest = z.object({
  name: z.string().trim().min(1).max(80),
  roles: z.array(role).min(1),
  /** `me`: whatever is done with it, the person who made it has done. `system`: a system of its own, e.g. a CI. */
  speaksFor: z.enum(['me', 'system']).default('system'),
  app: z.string().min(1).nullable().default(null),
  /** Null: all. */
  environments: environmentNames.nullable().default(null),
  /** From now, in milliseconds; null: until it is revoked. */
  validMs: z.number().int().positive().nullable().default(null),
});

export const tokenView = z
  .object({
    id: z.string(),
    name: z.string(),
    person: z.string().nullable().meta({ description: 'For whom it speaks; null: for a system' }),
    roles: z.array(role),
    app: z.string().nullable(),
    environments: z.array(z.string()).nullable(),
    createdAt: z.number(),
    expiresAt: z.number().nullable(),
    lastUsedAt: z.number().nullable(),
  })
  .meta({ id: 'Token' });

/** The secret is answered once, when the token is made. */
export const newToken = tokenView.extend({ secret: z.string() }).meta({ id: 'NewToken' });

export const personRequest = z.object({
  name: z.string().trim().min(1).max(80),
  mail: z.email().nullable().default(null),
  roles: z.array(role).min(1),
});

export const person = z
  .object({
    id: z.string(),
    name: z.string(),
    mail: z.string().nullable(),
    roles: z.array(role),
    createdAt: z.number(),
    disabledAt: z.number().nullable().meta({ description: 'Since when the person can do nothing; null: they can' }),
  })
  .meta({ id: 'Person' });

/** What is left out stays as it is. */
export const personChange = z.object({
  name: z.string().trim().min(1).max(80).optional(),
  mail: z.email().nullable().optional(),
  roles: z.array(role).min(1).optional(),
  disabled: z.boolean().optional(),
  reason: z.string().trim().max(500).nullable().default(null),
});

export const signInRequest = z.object({ link: z.string().min(1).max(200) });

const longestLinkMs = 7 * 86_400_000;
export const signInLinkRequest = z.object({
  /** Left out: a link for the person who asks; a system gets one for the owner. */
  person: z.string().nullable().default(null),
  /** From now, in milliseconds: 15 minutes, and at most a week. */
  validMs: z.number().int().positive().max(longestLinkMs).nullable().default(null),
});
export const signInLink = z.object({ url: z.string(), expiresAt: z.number() }).meta({ id: 'SignInLink' });

export const health = z.object({ status: z.literal('ok'), version: z.string() }).meta({ id: 'Health' });

export type MeView = z.infer<typeof me>;
export type TokenRequest = z.infer<typeof tokenRequest>;
export type TokenView = z.infer<typeof tokenView>;
export type NewTokenView = z.infer<typeof newToken>;
export type PersonRequest = z.infer<typeof personRequest>;
export type PersonView = z.infer<typeof person>;
export type SignInLinkView = z.infer<typeof signInLink>;
export type PersonChange = z.infer<typeof personChange>;

export const accountRoutes = {
  me: 'GET /me',
  createToken: 'POST /tokens',
  listTokens: 'GET /tokens',
  revokeToken: 'DELETE /tokens/:token',
  listPeople: 'GET /people',
  addPerson: 'POST /people',
  /** Roles, name, mail; a disabled person can do nothing, and their sessions have ended. */
  changePerson: 'PATCH /people/:person',
  /** Forgets name and mail for good, ends the person's sessions and revokes their tokens; the journal keeps the id. */
  erasePerson: 'DELETE /people/:person',
  /** Exchanges a one-time link for a session cookie. */
  signIn: 'POST /session',
  signOut: 'DELETE /session',
  createSignInLink: 'POST /sign-in-links',
  health: 'GET /health',
} as const;
