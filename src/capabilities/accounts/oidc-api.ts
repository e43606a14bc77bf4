import { z } from 'zod';
import { environmentNames, role } from './accounts-api.ts';

/** Shapes of the routes by which a CI proves who it is, without a secret that somebody has to keep. */
const hourMs = 3_600_000;
const claims = z.record(z.string().min(1).max(100), z.string().min(1).max(300));
const place = {
  roles: z.array(role).min(1),
  app: z.string().min(1).max(80),
  environments: environmentNames,
};

export const oidcRuleRequest = z.object({
  /** As in the claim `iss`: https, and http on this machine only. */
  issuer: z.url({ protocol: /^https?$/ }).max(300),
  /** What the token must be made for, its claim `aud`; null: the address of this control plane. */
  audience: z.string().min(1).max(300).nullable().default(null),
  /** All of them must fit; a `*` stands for any characters. */
  claims: claims.refine((given) => Object.keys(given).length > 0, 'at least one claim'),
  ...place,
  /** How long a token that is handed out counts, in milliseconds. */
  validMs: z
    .number()
    .int()
    .min(60_000)
    .max(24 * hourMs)
    .default(hourMs),
});

export const oidcRule = z
  .object({
    id: z.string(),
    issuer: z.string(),
    audience: z.string(),
    claims,
    ...place,
    validMs: z.number(),
    createdAt: z.number(),
    lastUsedAt: z.number().nullable(),
  })
  .meta({ id: 'OidcRule', description: 'Which identity tokens of a CI become a token of Lotse' });

/** `token`: the JWT that the CI has signed. */
export const oidcExchange = z.object({
  token: z.string().max(20_000),
  /** Where several rules fit, the one for this app counts. */
  app: z.string().min(1).max(80).nullable().default(null),
});

export const oidcToken = z
  .object({ secret: z.string(), expiresAt: z.number(), ...place })
  .meta({ id: 'OidcToken', description: 'A token that counts for a short time' });

export type OidcRuleRequest = z.infer<typeof oidcRuleRequest>;
export type OidcRuleView = z.infer<typeof oidcRule>;
export type OidcExchange = z.infer<typeof oidcExchange>;
export type OidcTokenView = z.infer<typeof oidcToken>;

export const oidcRoutes = {
  allowOidc: 'POST /oidc/rules',
  listOidc: 'GET /oidc/rules',
  removeOidc: 'DELETE /oidc/rules/:rule',
  exchangeOidc: 'POST /oidc/token',
} as const;
