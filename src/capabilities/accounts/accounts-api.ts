import { z } from 'zod';

/** Shapes of the routes about who may do what. Roles are cumulative only where the table of routes says so. */
export const role = z.enum(['viewer', 'developer', 'approver', 'operator', 'admin']);
export type Role = z.infer<typeof role>;

export const me = z
  .object({ kind: z.enum(['person', 'token']), id: z.string(), name: z.string(), roles: z.array(role) })
  .meta({ id: 'Me', description: 'Whom this credential names' });

export const tokenRequest = z.object({
  name: z.string().min(1).max(80),
  roles: z.array(role).min(1),
  app: z.string().nullable().default(null),
  environment: z.string().nullable().default(null),
  /** From now, in milliseconds; null: until it is revoked. */
  validMs: z.number().int().positive().nullable().default(null),
});

export const tokenView = z
  .object({
    id: z.string(),
    name: z.string(),
    roles: z.array(role),
    app: z.string().nullable(),
    environment: z.string().nullable(),
    createdAt: z.number(),
    expiresAt: z.number().nullable(),
    lastUsedAt: z.number().nullable(),
  })
  .meta({ id: 'Token' });

/** The secret is answered once, when the token is made. */
export const newToken = tokenView.extend({ secret: z.string() }).meta({ id: 'NewToken' });

export const signInRequest = z.object({ link: z.string() });
export const signInLink = z.object({ url: z.string(), expiresAt: z.number() }).meta({ id: 'SignInLink' });

export type MeView = z.infer<typeof me>;
export type TokenRequest = z.infer<typeof tokenRequest>;
export type TokenView = z.infer<typeof tokenView>;
export type NewTokenView = z.infer<typeof newToken>;

export const accountRoutes = {
  me: 'GET /me',
  createToken: 'POST /tokens',
  listTokens: 'GET /tokens',
  revokeToken: 'DELETE /tokens/:token',
  /** Exchanges a one-time link for a session cookie. */
  signIn: 'POST /session',
  signOut: 'DELETE /session',
  createSignInLink: 'POST /sign-in-links',
  health: 'GET /health',
} as const;
