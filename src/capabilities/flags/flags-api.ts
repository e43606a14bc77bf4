import { z } from 'zod';

/** Shapes of the routes about flags. Evaluation has its own protocols: OFREP, and flagd's sync over HTTP. */

const percentage = z.object({
  variant: z.string().min(1),
  percent: z.number().min(0).max(100).multipleOf(0.001),
});

/** `exactOptional`: what is left out stays as it is. */
export const flagChange = z.object({
  switched: z
    .enum(['on', 'off'])
    .nullable()
    .exactOptional()
    .meta({ description: 'on, off, or null: as the release says' }),
  defaultVariant: z.string().min(1).nullable().exactOptional(),
  percentages: z.array(percentage).min(1).max(50).nullable().exactOptional(),
  reason: z.string().max(500).nullable().default(null),
});

const liveState = z
  .object({
    version: z.number().int().meta({ description: 'Grows with each change' }),
    switched: z.enum(['on', 'off']).nullable(),
    defaultVariant: z.string().nullable(),
    percentages: z.array(percentage).nullable(),
    changedAt: z.number().meta({ description: 'Unix milliseconds' }),
    changedBy: z.object({ kind: z.enum(['person', 'token', 'system']), id: z.string() }),
  })
  .meta({ id: 'FlagLiveState', description: 'What was said about a flag in this environment, whatever the release' });

export const flagView = z
  .object({
    flag: z.string(),
    isOn: z.boolean(),
    offBy: z
      .enum(['state', 'definition', 'schedule'])
      .nullable()
      .meta({ description: 'state: a person, or its guard; definition: the release; schedule: not its time' }),
    variants: z.array(z.string()),
    defaultVariant: z.string().nullable().meta({ description: 'In force; null: the default of the code' }),
    offVariant: z.string().nullable().meta({ description: 'While it is off; null: the default of the code' }),
    hasRule: z.boolean().meta({ description: 'Does the release name some users by a rule?' }),
    from: z.number().nullable(),
    until: z.number().nullable(),
    guard: z.array(z.string()).meta({ description: 'Signals by which it is turned off when a variant does harm' }),
    release: z.string().meta({ description: 'That defines it' }),
    live: liveState.nullable(),
    usedAt: z.number().nullable().meta({ description: 'When it was asked for last by its name' }),
    notes: z.array(z.string()),
  })
  .meta({ id: 'Flag' });

export const flagList = z
  .object({
    flags: z.array(flagView),
    allUsedAt: z.number().nullable().meta({ description: 'When all flags together were asked for last' }),
  })
  .meta({ id: 'FlagList' });

const flagVersion = liveState
  .extend({ by: z.string().meta({ description: 'Their name' }), reason: z.string().nullable() })
  .meta({ id: 'FlagVersion', description: 'What was said about a flag, by whom and why' });

export const flagHistory = z.object({ flag: flagView, versions: z.array(flagVersion) }).meta({ id: 'FlagHistory' });

export const flagReset = z.object({ reason: z.string().max(500).nullable().default(null) });

export const flagKey = z
  .object({ key: z.string(), name: z.string(), createdAt: z.number() })
  .meta({ id: 'FlagKey', description: 'Reads the flags of one environment, and nothing else' });

export const newFlagKey = flagKey
  .extend({ secret: z.string().meta({ description: 'Shown once' }) })
  .meta({ id: 'NewFlagKey' });

export const flagKeyRequest = z.object({ name: z.string().min(1).max(100) });

export type FlagChange = z.infer<typeof flagChange>;
export type FlagView = z.infer<typeof flagView>;
export type FlagListView = z.infer<typeof flagList>;
export type FlagHistoryView = z.infer<typeof flagHistory>;
export type FlagVersionView = z.infer<typeof flagVersion>;
export type FlagKeyView = z.infer<typeof flagKey>;
export type NewFlagKeyView = z.infer<typeof newFlagKey>;
export type LiveStateView = z.infer<typeof liveState>;

export const flagRoutes = {
  listFlags: 'GET /apps/:app/environments/:environment/flags',
  showFlag: 'GET /apps/:app/environments/:environment/flags/:flag',
  changeFlag: 'PATCH /apps/:app/environments/:environment/flags/:flag',
  resetFlag: 'DELETE /apps/:app/environments/:environment/flags/:flag',
  listKeys: 'GET /apps/:app/environments/:environment/flag-keys',
  createKey: 'POST /apps/:app/environments/:environment/flag-keys',
  revokeKey: 'DELETE /apps/:app/environments/:environment/flag-keys/:key',
} as const;
