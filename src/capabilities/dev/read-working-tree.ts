import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LotseError } from '../../core/errors.ts';
import { effectiveService, findEnvironment } from '../../manifest/effective-service.ts';
import { environmentConfig, missingConfig } from '../../manifest/environment-config.ts';
import type { AppManifest, EnvironmentDefinition } from '../../manifest/app-manifest.ts';
import { devEnvironment } from '../../manifest/names.ts';
import { parseManifest } from '../../manifest/parse-manifest.ts';
import type { ServiceDefinition, StoreDefinition } from '../../rollout/release.ts';

/** Files that say how the app runs, rather than being run. */
export const manifestFiles: readonly string[] = ['lotse.yaml', 'Dockerfile'];

/** Someone waits for each restart: what does not end by itself after SIGTERM is ended after this time. */
const longestDrainMs = 3_000;

/** The app as its working tree describes it for `dev`. */
export interface WorkingTree {
  readonly app: string;
  readonly domains: readonly string[];
  readonly services: readonly TreeService[];
  readonly stores: readonly StoreDefinition[];
}

export interface TreeService {
  readonly definition: ServiceDefinition;
  readonly config: Readonly<Record<string, string>>;
}

/** Reads it anew. Errors: `manifest-invalid` with a line for each problem, `not-found`, `bad-input`. */
export async function readWorkingTree(folder: string): Promise<WorkingTree> {
  const manifest = await readManifest(folder);
  const environment = findEnvironment(manifest, devEnvironment);
  const [missing] = missingConfig(manifest, environment);
  if (missing !== undefined) {
    throw new LotseError('bad-input', `${devEnvironment} gives no value for ${missing.variable}`, {
      hint: `Give one in lotse.yaml under environments.${devEnvironment}.config.`,
    });
  }
  const services = Object.keys(manifest.services).map((name) => serviceOf(manifest, environment, name));
  for (const { definition } of services) {
    refuseWithoutRun(definition);
    refuseMissingRoot(folder, definition);
  }
  return {
    app: manifest.app,
    domains: environment.domains,
    services,
    stores: Object.values(manifest.stores).map(({ variable: _variable, ...store }) => store),
  };
}

async function readManifest(folder: string): Promise<AppManifest> {
  const text = await readFile(join(folder, 'lotse.yaml'), 'utf8').catch((thrown: unknown) => {
    throw new LotseError('not-found', `lotse.yaml cannot be read: ${String(thrown)}`, { cause: thrown });
  });
  return parseManifest(text, { file: 'lotse.yaml', hasDockerfile: existsSync(join(folder, 'Dockerfile')) });
}

/** One copy, unless `dev` itself asks for more: nobody else uses it. */
function serviceOf(manifest: AppManifest, environment: EnvironmentDefinition, name: string): TreeService {
  const { config: _config, ...service } = effectiveService(manifest, environment, name);
  const values = environmentConfig(manifest, environment, name).map(({ variable, value }) => [variable, value]);
  const instances = environment.services[name]?.instances ?? 1;
  return {
    definition: { ...service, instances, drainMs: Math.min(service.drainMs, longestDrainMs) },
    config: Object.fromEntries(values),
  };
}

/** There is no image in dev whose own command could be meant. */
function refuseWithoutRun({ service, argv }: ServiceDefinition): void {
  if (argv.length > 0) return;
  throw new LotseError('bad-input', `services.${service} has no \`run\`, and dev runs processes, no containers`, {
    hint: `Say how it is started, as in \`run: node server.js\` under services.${service} in lotse.yaml; its containers then start with it as well.`,
  });
}

function refuseMissingRoot(folder: string, { service, root }: ServiceDefinition): void {
  if (existsSync(join(folder, root))) return;
  throw new LotseError('bad-input', `services.${service}.root: there is no folder ${root}`);
}
