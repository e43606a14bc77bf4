import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LotseError } from '../core/errors.ts';
import { effectiveService, findEnvironment } from './effective-service.ts';
import {
  declarationsOf,
  declaredVariables,
  environmentConfig,
  missingConfig,
  type ConfigOverride,
} from './environment-config.ts';
import { parseManifest } from './parse-manifest.ts';

const manifest = parseManifest(
  `app: shop
services:
  web: { port: 3000, memory: 100 MB, config: { POOL: 5, MODE: { type: string, description: how } } }
  worker: {}
config:
  LEVEL: info
  POOL: 1
  FROM: { type: email }
  NOTE: { type: string, required: false }
environments:
  staging:
    config: { FROM: a@b.example, LEVEL: debug }
    services: { web: { instances: 3, drain: 1m, config: { LEVEL: trace, MODE: dark } } }
  production: {}
`,
  { file: 'lotse.yaml', hasDockerfile: false },
);
const staging = findEnvironment(manifest, 'staging');
const production = findEnvironment(manifest, 'production');

function textsOf(service: string | null, environment = staging): readonly string[] {
  return environmentConfig(manifest, environment, service).map(
    (each) => `${each.variable}=${each.value} (${each.layer}) ${each.from}`,
  );
}

test('the value nearest to service and environment wins, and its source is named', () => {
  assert.deepEqual(textsOf('web'), [
    'LEVEL=trace (environment) environments.staging.services.web.config.LEVEL',
    'FROM=a@b.example (environment) environments.staging.config.FROM',
    'POOL=5 (service) services.web.config.POOL',
    'MODE=dark (environment) environments.staging.services.web.config.MODE',
  ]);
  assert.deepEqual(textsOf('worker'), [
    'LEVEL=debug (environment) environments.staging.config.LEVEL',
    'POOL=1 (app) config.POOL',
    'FROM=a@b.example (environment) environments.staging.config.FROM',
  ]);
  assert.deepEqual(textsOf(null, production), ['LEVEL=info (app) config.LEVEL', 'POOL=1 (app) config.POOL']);
});

test('what is required and has no value is missing, with the services that need it', () => {
  assert.deepEqual(missingConfig(manifest, staging), []);
  assert.deepEqual(missingConfig(manifest, production), [
    { variable: 'FROM', type: 'email', from: 'config.FROM', services: ['web', 'worker'] },
    { variable: 'MODE', type: 'string', from: 'services.web.config.MODE', services: ['web'] },
  ]);
});

test('what a person has set wins over the file, and what is set for one service over what is set for all', () => {
  const all = { variable: 'LEVEL', value: 'error', service: null };
  const web = { variable: 'LEVEL', value: 'fatal', service: 'web' };
  const from = { variable: 'FROM', value: 'x@y.example', service: null };
  const unknown = { variable: 'NOBODY', value: '1', service: null };
  const level = (service: string | null, overrides: readonly ConfigOverride[]) =>
    environmentConfig(manifest, staging, service, overrides).find((each) => each.variable === 'LEVEL');
  assert.deepEqual([level('web', [all])?.value, level('web', [all])?.layer], ['error', 'set']);
  assert.deepEqual([level('web', [all, web])?.value, level('worker', [all, web])?.value], ['fatal', 'error']);
  assert.equal(level(null, [web])?.value, 'debug');
  assert.deepEqual(
    missingConfig(manifest, production, [from, unknown]).map(({ variable }) => variable),
    ['MODE'],
  );
  assert.ok(environmentConfig(manifest, staging, null, [unknown]).every(({ variable }) => variable !== 'NOBODY'));
});

test('a variable has a declaration for each place that declares it', () => {
  assert.deepEqual(
    declarationsOf(manifest, 'POOL').map(({ service, from }) => [service, from]),
    [
      [null, 'config.POOL'],
      ['web', 'services.web.config.POOL'],
    ],
  );
  assert.deepEqual(declaredVariables(manifest), ['LEVEL', 'POOL', 'FROM', 'NOTE', 'MODE']);
});

test('a service runs with the overrides of its environment', () => {
  const web = effectiveService(manifest, staging, 'web');
  assert.deepEqual([web.instances, web.drainMs, web.memoryBytes], [3, 60_000, 100_000_000]);
  assert.deepEqual(web.config, manifest.services['web']?.config);
  assert.deepEqual(effectiveService(manifest, production, 'web'), manifest.services['web']);
});

test('an unknown service or environment is not found, and the nearest is named', () => {
  const isNotFound = (thrown: unknown) => thrown instanceof LotseError && thrown.code === 'not-found';
  assert.throws(
    () => effectiveService(manifest, staging, 'wbe'),
    (thrown) => isNotFound(thrown) && /web/.test(String((thrown instanceof LotseError && thrown.hint) || '')),
  );
  assert.throws(() => effectiveService(manifest, staging, 'constructor'), isNotFound);
  assert.throws(() => findEnvironment(manifest, 'live'), isNotFound);
  assert.throws(() => environmentConfig(manifest, staging, 'x'), isNotFound);
});
