import type { EnvironmentDefinition, GatesDefinition, ServiceOverride } from '../app-manifest.ts';
import { defaults } from '../defaults.ts';
import { devEnvironment } from '../names.ts';
import { nearestOf } from '../nearest.ts';
import type { WrittenManifest } from '../schema/manifest-schema.ts';
import type { Context } from './context.ts';
import { reportMeaning, reportUnknownName } from './context.ts';
import { normalizeValues } from './normalize-config.ts';
import { normalizeServers } from './normalize-servers.ts';
import { normalizeStrategy } from './normalize-strategy.ts';
import { checkTarget, normalizeTarget } from './normalize-target.ts';
import { normalizeTls } from './normalize-tls.ts';

type WrittenEnvironment = NonNullable<WrittenManifest['environments']>[string];
type WrittenOverride = NonNullable<WrittenEnvironment['services']>[string];

/** The working tree has no rollouts, so nothing of this can mean anything for it. */
const notForDev = ['after', 'strategy', 'gates', 'servers', 'data', 'tls', 'prometheus'] as const;

export function normalizeEnvironment(
  name: string,
  written: WrittenEnvironment,
  manifest: WrittenManifest,
  context: Context,
): EnvironmentDefinition {
  const path = ['environments', name];
  if (name === devEnvironment) checkDev(written, context);
  checkTarget(name, manifest, context);
  const servers = normalizeServers(written.servers, [...path, 'servers'], manifest, context);
  // A name of this machine leads to no other one.
  const ownNames = servers.length > 0 ? [] : [defaultDomain(manifest.app, name)];
  const prometheus = written.prometheus ?? manifest.prometheus ?? null;
  return {
    environment: name,
    target: normalizeTarget(manifest, context),
    servers,
    after: written.after ?? null,
    domains: written.domains ?? ownNames,
    config: normalizeValues(written.config, [...path, 'config'], context),
    services: normalizeOverrides(name, written.services ?? {}, manifest, context),
    strategy: normalizeStrategy(written.strategy, { path: [...path, 'strategy'], prometheus, context }),
    gates: normalizeGates(written.gates, manifest),
    trustedProxies: written.trusted_proxies ?? [],
    tls: normalizeTls(written.tls, [...path, 'tls'], context),
    prometheus,
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

function normalizeGates(written: WrittenEnvironment['gates'], manifest: WrittenManifest): GatesDefinition {
  const windows = written?.hours;
  return {
    approval: written?.approval ?? 0,
    checklist: written?.checklist ?? null,
    ...(written?.scans === undefined ? {} : { scans: written.scans.fail_on }),
    ...(manifest.pipeline === undefined ? {} : { pipeline: Object.keys(manifest.pipeline.jobs) }),
    hours: windows === undefined ? null : { timezone: manifest.timezone ?? defaults.timezone, windows },
    verification: manifest.verify !== undefined,
  };
}
