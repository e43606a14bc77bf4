import { z } from 'zod';

/** Shapes of the routes about secrets. Values only ever go in. */

const unixMs = z.number().int().positive();

export const knownSecret = z
  .object({
    name: z.string(),
    version: z.string().meta({ description: 'Another one for each value' }),
    setAt: z.number().meta({ description: 'Unix milliseconds' }),
    oldVersion: z
      .string()
      .nullable()
      .default(null)
      .meta({ description: 'While it is being rotated: the version that is still valid until a rollout settles' }),
    expiresAt: z
      .number()
      .nullable()
      .default(null)
      .meta({ description: 'When its value ends elsewhere, as whoever set it said, in Unix milliseconds' }),
  })
  .meta({ id: 'Secret', description: 'A secret of an environment, without its value' });

export const secretValue = z.object({
  value: z.string().min(1).max(65_536),
  reason: z.string().max(500).nullable().default(null),
  expiresAt: unixMs.nullable().default(null).meta({ description: 'When it ends elsewhere, in Unix milliseconds' }),
});

export const secretRotation = z
  .object({ name: z.string(), oldVersion: z.string(), newVersion: z.string(), begunAt: z.number() })
  .meta({ id: 'SecretRotation', description: 'Two versions that are valid until a rollout with the new one settles' });

export const secretStore = z
  .object({
    title: z.string().meta({ description: 'Where values are kept' }),
    read: z.number().int().meta({ description: 'How many values were read to see that it can be done' }),
    problem: z.string().nullable().meta({ description: 'Why they cannot be read; null: they can' }),
    hint: z.string().nullable(),
  })
  .meta({ id: 'SecretStore', description: 'Whether the secrets of this control plane can be read now' });

export const secretRemoval = z.object({ reason: z.string().max(500).nullable().default(null) });

export type KnownSecretView = z.infer<typeof knownSecret>;
export type SecretStoreView = z.infer<typeof secretStore>;
export type SecretRotationView = z.infer<typeof secretRotation>;

export const secretRoutes = {
  listSecrets: 'GET /apps/:app/environments/:environment/secrets',
  setSecret: 'PUT /apps/:app/environments/:environment/secrets/:name',
  rotateSecret: 'POST /apps/:app/environments/:environment/secrets/:name/rotation',
  checkStore: 'GET /secret-store',
  removeSecret: 'DELETE /apps/:app/environments/:environment/secrets/:name',
} as const;
