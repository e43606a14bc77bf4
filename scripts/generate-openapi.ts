// Writes docs/reference/openapi.json; with --check it only says whether the file is up to date.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { format } from 'prettier';
import packageJson from '../package.json' with { type: 'json' };
import { allRoutes, apiBase } from '../src/api/all-routes.ts';
import { createLiveStream } from '../src/api/live-stream.ts';
import { createOpenApi } from '../src/api/openapi.ts';
import type { Route } from '../src/api/route.ts';
import { createAccountRoutes } from '../src/capabilities/accounts/routes.ts';
import { routesOfCertificates } from '../src/capabilities/certificates/routes.ts';
import { routesOfConfig } from '../src/capabilities/config/routes.ts';
import { routesOfFlags } from '../src/capabilities/flags/routes.ts';
import { routesOfNotifications } from '../src/capabilities/notifications/routes.ts';
import { routesOfPipelines } from '../src/capabilities/pipelines/routes.ts';
import { routesOfReleases } from '../src/capabilities/releases/routes.ts';
import { routesOfSchedules } from '../src/capabilities/schedules/routes.ts';
import { routesOfSecrets } from '../src/capabilities/secrets/routes.ts';
import { routesOfSources } from '../src/capabilities/sources/routes.ts';
import { routesOfUpgrades } from '../src/capabilities/upgrades/routes.ts';

const file = join(import.meta.dirname, '..', 'docs', 'reference', 'openapi.json');

/** Routes are only described here, never called: what their handlers would need stays away. */
function describedRoutes(): readonly Route[] {
  const live = createLiveStream(neverCalled(), 0);
  const own = [...createAccountRoutes(neverCalled()), live.route];
  const routes = [
    ...own,
    ...routesOfReleases(neverCalled()),
    ...routesOfCertificates(neverCalled()),
    ...routesOfConfig(neverCalled()),
    ...routesOfSecrets(neverCalled()),
    ...routesOfPipelines(neverCalled()),
    ...routesOfSources(neverCalled()),
    ...routesOfFlags(neverCalled(), neverCalled(), neverCalled(), neverCalled()),
    ...routesOfSchedules(neverCalled()),
    ...routesOfNotifications(neverCalled()),
    ...routesOfUpgrades(neverCalled()),
  ];
  return allRoutes(routes, packageJson.version);
}

function neverCalled<Parts extends object>(): Parts {
  const nothing: object = new Proxy(() => nothing, { get: () => nothing });
  // parsed: stands for parts whose functions only a request would call
  return nothing as Parts;
}

const document = await createOpenApi(describedRoutes(), apiBase, packageJson.version);
const text = await format(JSON.stringify(document), { parser: 'json', printWidth: 120 });
if (process.argv.includes('--check')) {
  if (readCurrent() !== text) {
    console.error('docs/reference/openapi.json does not say what the routes are: run scripts/generate-openapi.ts');
    process.exitCode = 1;
  }
} else {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function readCurrent(): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
