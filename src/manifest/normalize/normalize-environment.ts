import { parseDurationMs } from '../../core/quantities.ts';
import type { EnvironmentDefinition, GatesDefinition, ServiceOverride, StrategyDefinition } from '../app-manifest.ts';
import { defaults } from '../defaults.ts';
import { devEnvironment } from '../names.ts';
import { nearestOf } from '../nearest.ts';
import type { WrittenManifest } from '../schema/manifest-schema.ts';
import type { Context } from './context.ts';
import { reportMeaning, reportUnknownName } from './context.ts';
import { normalizeValues } from './normalize-config.ts';
import { checkWithin } from './normalize-jobs.ts';

type WrittenEnvironment = NonNullable<WrittenManifest['environments']>[string];
type WrittenOverride = NonNullable<WrittenEnvironment['services']>[string];

/** The working tree has no rollouts, so nothing of this can mean anything for it. */
const notForDev = ['after', 'strategy', 'gates', 'servers', 'data'] as const;

export function normalizeEnvironment(
  name: string,
  written: WrittenEnvironment,
  manifest: WrittenManifest,
  context: Context,
): EnvironmentDefinition {
  const path = ['environments', name];
  if (name === devEnvironment) checkDev(written, context);
  const [domain, ...domains] = written.domains ?? [];
  return {
    environment: name,
    target: 'process',
    after: written.after ?? null,
    domains: domain === undefined ? [defaultDomain(manifest.app, name)] : [domain, ...domains],
    config: normalizeValues(written.config, [...path, 'config'], context),
    services: normalizeOverrides(name, written.services ?? {}, manifest, context),
    strategy: normalizeStrategy(written.strategy, [...path, 'strategy'], context),
    gates: normalizeGates(written.gates, manifest),
  };
}

/** A name that leads to this machine (RFC 6761), so that every environment can be asked by name. */
export function defaultDomain(app: string, environment: string): string {
  return environment === 'production' ? `${app}.localhost` : `${environment}.${app}.localhost`;
}

function checkDev(written: WrittenEnvironment, context: Context): void {
  for (const key of notForDev) {
    if (written[key] === undefined) continue;
    const message = `\`dev\` is the working tree and has no rollouts, so it has no \`${key}\``;
    reportMeaning(context, ['environments', devEnvironment, key], message, 'key');
  }
}

function normalizeOverrides(
  environment: string,
  written: Readonly<Record<string, WrittenOverride>>,
  manifest: WrittenManifest,
  context: Context,
): Record<string, ServiceOverride> {
  const overrides: Record<string, ServiceOverride> = {};
  const known = Object.keys(manifest.services);
  for (const [name, override] of Object.entries(written)) {
    const path = ['environments', environment, 'services', name];
    if (!known.includes(name)) {
      reportUnknownName(context, path, 'service', { written: name, known, nearest: nearestOf(name, known) }, 'key');
    }
    if (override.run !== undefined && environment !== devEnvironment) {
      reportMeaning(
        context,
        [...path, 'run'],
        'a release is the same in every environment; only `dev` may have another `run`',
        'key',
      );
    }
    overrides[name] = normalizeOverride(override, path, context);
  }
  return overrides;
}

function normalizeOverride(written: WrittenOverride, path: readonly string[], context: Context): ServiceOverride {
  return {
    ...(written.instances === undefined ? {} : { instances: written.instances }),
    ...(written.memory === undefined ? {} : { memoryBytes: written.memory }),
    ...(written.cpu === undefined ? {} : { cpuCores: written.cpu }),
    ...(written.drain === undefined ? {} : { drainMs: written.drain }),
    ...(written.config === undefined ? {} : { config: normalizeValues(written.config, [...path, 'config'], context) }),
    ...(written.run === undefined ? {} : { argv: written.run }),
  };
}

function normalizeStrategy(
  written: WrittenEnvironment['strategy'],
  path: readonly string[],
  context: Context,
): StrategyDefinition {
  const long = typeof written === 'object' ? written : { name: written };
  if (typeof written === 'object' && written.canary !== undefined && written.name !== undefined) {
    reportMeaning(context, [...path, 'name'], '`canary` is a strategy of its own; leave out `name`', 'key');
  }
  const given = typeof written === 'object' ? written : {};
  const withinMs = given.within ?? parseDurationMs(defaults.rolloutWithin);
  checkWithin(withinMs, [...path, 'within'], context);
  return {
    name: long.name ?? defaults.strategy,
    withinMs,
    watchMs: given.watch ?? parseDurationMs(defaults.watch),
  };
}

function normalizeGates(written: WrittenEnvironment['gates'], manifest: WrittenManifest): GatesDefinition {
  const windows = written?.hours;
  return {
    approval: written?.approval ?? 0,
    checklist: written?.checklist ?? null,
    hours: windows === undefined ? null : { timezone: manifest.timezone ?? defaults.timezone, windows },
    verification: manifest.verify !== undefined,
  };
}
