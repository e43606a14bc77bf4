import { parseDurationMs } from '../../core/quantities.ts';
import type { ServiceDefinition, TargetName } from '../app-manifest.ts';
import { splitCommand } from '../command.ts';
import type { Argv } from '../app-manifest.ts';
import { defaults } from '../defaults.ts';
import type { WrittenManifest } from '../schema/manifest-schema.ts';
import type { Context } from './context.ts';
import { reportMeaning } from './context.ts';
import { normalizeDeclarations } from './normalize-config.ts';
import { normalizeTarget } from './normalize-target.ts';

type WrittenService = WrittenManifest['services'][string];

const webOnly = ['path', 'ready', 'live', 'stickiness', 'assets', 'static'] as const;

export function normalizeServices(manifest: WrittenManifest, context: Context) {
  const { services: written } = manifest;
  const services: Record<string, ServiceDefinition> = {};
  const target = normalizeTarget(manifest, context);
  if (Object.keys(written).length === 0) reportMeaning(context, ['services'], 'there must be at least one service');
  for (const [name, service] of Object.entries(written)) {
    checkKeys(name, service, context);
    services[name] = normalizeService(name, service, target, context);
  }
  checkPaths(written, services, context);
  return services;
}

function normalizeService(
  name: string,
  written: WrittenService,
  target: TargetName,
  context: Context,
): ServiceDefinition {
  const isWeb = written.port !== undefined;
  return {
    service: name,
    kind: isWeb ? 'web' : 'worker',
    argv: written.run ?? (target === 'docker' ? [] : defaultRun()),
    root: written.root ?? defaults.root,
    port: written.port ?? null,
    path: written.path ?? defaults.path,
    ready: isWeb ? (httpCheck(written.ready) ?? (target === 'docker' ? null : { kind: 'tcp' })) : null,
    live: isWeb ? httpCheck(written.live) : null,
    drainMs: written.drain ?? parseDurationMs(defaults.drain),
    instances: written.instances ?? defaults.instances,
    memoryBytes: written.memory ?? null,
    cpuCores: written.cpu ?? null,
    stickiness: isWeb ? (written.stickiness ?? { kind: defaults.stickiness }) : { kind: 'none' },
    assets: isWeb ? (written.assets ?? null) : null,
    readsClaim: written.claim ?? false,
    ...(written.secrets_as === 'files' ? { secretsAs: 'files' } : {}),
    config: normalizeDeclarations(written.config, ['services', name, 'config'], context),
  };
}

function httpCheck(path: string | undefined) {
  return path === undefined ? null : ({ kind: 'http', path } as const);
}

function defaultRun(): Argv {
  const split = splitCommand(defaults.run);
  return 'argv' in split ? split.argv : [defaults.run];
}

function checkKeys(name: string, written: WrittenService, context: Context): void {
  if (written.port !== undefined) {
    if (written.claim !== true) return;
    reportMeaning(
      context,
      ['services', name, 'claim'],
      'a web service takes no work items; only a worker (no `port`) has a claim',
      'key',
    );
    return;
  }
  for (const key of webOnly) {
    if (written[key] === undefined) continue;
    reportMeaning(
      context,
      ['services', name, key],
      `only a web service has \`${key}\`; without \`port\` this is a worker`,
      'key',
    );
  }
}

function checkPaths(
  written: WrittenManifest['services'],
  services: Readonly<Record<string, ServiceDefinition>>,
  context: Context,
): void {
  const owners = new Map<string, string>();
  for (const service of Object.values(services)) {
    if (service.kind !== 'web') continue;
    const owner = owners.get(service.path);
    if (owner === undefined) {
      owners.set(service.path, service.service);
      continue;
    }
    const hasPath = written[service.service]?.path !== undefined;
    const place = hasPath ? ['services', service.service, 'path'] : ['services', service.service];
    const message = `${service.service} and ${owner} would both get the requests below ${service.path}; give one of them another \`path\``;
    reportMeaning(context, place, message, hasPath ? 'value' : 'key');
  }
}
