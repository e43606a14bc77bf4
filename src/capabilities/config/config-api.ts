import { z } from 'zod';

/** Shapes of the routes about config. Times are unix milliseconds. */

const place = {
  variable: z.string(),
  service: z.string().nullable().meta({ description: 'Null: every service, and jobs' }),
};
const nullableText = z.string().nullable();

export const valueSource = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z.literal('set'),
      version: z.number().int(),
      at: z.number(),
      by: z.string().meta({ description: 'A name, where there is one' }),
      reason: nullableText,
    }),
    z.object({ kind: z.literal('environment'), place: z.string(), line: z.number().int() }),
    z.object({ kind: z.literal('default'), place: z.string(), line: z.number().int() }),
    z.object({ kind: z.literal('missing'), place: z.string(), line: z.number().int() }),
  ])
  .meta({ id: 'ConfigSource', description: 'Where a value comes from; line and place are those of lotse.yaml' });

export const configValue = z
  .object({
    ...place,
    type: z.string(),
    required: z.boolean(),
    description: nullableText,
    value: nullableText.meta({ description: 'What the next rollout gives; null: none' }),
    source: valueSource,
    runs: nullableText.meta({ description: 'What the serving revision was given; null: none, or nothing serves' }),
    differs: z.boolean().meta({ description: 'What runs is not what is set: the next rollout brings it' }),
  })
  .meta({ id: 'ConfigValue' });

export const configView = z
  .object({
    app: z.string(),
    environment: z.string(),
    version: z.number().int().meta({ description: 'Grows with each change; 0: nothing was ever set' }),
    release: nullableText.meta({ description: 'Whose declarations these are; null: there is no release yet' }),
    revision: nullableText.meta({ description: 'What serves; null: nothing does' }),
    values: z.array(configValue),
    undeclared: z
      .array(z.object({ ...place, value: z.string() }))
      .meta({ description: 'Set, but the release does not declare them: nothing is given them' }),
    differs: z.boolean().meta({ description: 'The next rollout of the same release brings other values' }),
  })
  .meta({ id: 'Config', description: 'The config of an environment' });

const longestValue = 16_384;
const mostChanges = 500;

export const configChange = z.object({
  set: z
    .array(z.object({ ...place, service: place.service.default(null), value: z.string().max(longestValue) }))
    .max(mostChanges)
    .default([]),
  unset: z
    .array(z.object({ ...place, service: place.service.default(null) }))
    .max(mostChanges)
    .default([]),
  reason: z.string().max(500).nullable().default(null),
  ahead: z.boolean().default(false).meta({ description: 'Also names that no release declares yet' }),
});

export const settingsVersion = z
  .object({
    version: z.number().int(),
    at: z.number(),
    by: z.string(),
    reason: nullableText,
    changes: z.array(z.object({ ...place, from: nullableText, to: nullableText })),
  })
  .meta({ id: 'ConfigVersion', description: 'One change of what is set for an environment' });

export const configChanged = z.object({
  changed: settingsVersion.nullable().meta({ description: 'Null: everything was as wanted already' }),
  config: configView,
});

export const configDiffQuery = z.object({
  from: z.string().max(200).meta({ description: 'production, production@3 (a version), production-7 (a revision)' }),
  to: z.string().max(200),
});

export const configDiff = z
  .object({
    from: z.string(),
    to: z.string(),
    lines: z.array(z.object({ ...place, from: nullableText, to: nullableText })),
  })
  .meta({ id: 'ConfigDiff' });

export type ValueSource = z.infer<typeof valueSource>;
export type ConfigValueView = z.infer<typeof configValue>;
export type ConfigView = z.infer<typeof configView>;
export type SettingsVersionView = z.infer<typeof settingsVersion>;
export type ConfigDiffView = z.infer<typeof configDiff>;

export const configRoutes = {
  getConfig: 'GET /apps/:app/environments/:environment/config',
  changeConfig: 'PATCH /apps/:app/environments/:environment/config',
  configHistory: 'GET /apps/:app/environments/:environment/config/history',
  compareConfig: 'GET /apps/:app/config/diff',
} as const;

/** `set by Ada on 2026-11-22`, `lotse.yaml:12`: as people read it. */
export function sayValueSource(source: ValueSource): string {
  switch (source.kind) {
    case 'set':
      return `set by ${source.by} on ${new Date(source.at).toISOString().slice(0, 10)}`;
    case 'environment':
      return `lotse.yaml:${source.line} ${source.place}`;
    case 'default':
      return `default, lotse.yaml:${source.line}`;
    case 'missing':
      return `no value, declared in lotse.yaml:${source.line}`;
  }
}
