import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import type { AppManifest } from '../../manifest/app-manifest.ts';
import { effectiveService, findEnvironment } from '../../manifest/effective-service.ts';
import type { ConfigOverride } from '../../manifest/environment-config.ts';
import { parseManifest } from '../../manifest/parse-manifest.ts';
import { parseDockerfile, parsePackageFile } from '../init/parse-folder-files.ts';
import { exportCompose } from './export-compose.ts';
import { initOf } from './fixtures/compose-world.ts';

function read(text: string): AppManifest {
  return parseManifest(text, { file: 'lotse.yaml', hasDockerfile: false });
}

function exportOf(
  manifest: AppManifest,
  files: Readonly<Record<string, string>> = {},
  environment = 'production',
  set: readonly ConfigOverride[] = [],
) {
  const world = {
    release: 'r7-a1b2c3d',
    dockerfileIn: (root: string) => {
      const text = files[root === '.' ? 'Dockerfile' : `${root}/Dockerfile`];
      return text === undefined ? null : parseDockerfile(text);
    },
    set,
    packageFile: parsePackageFile(files['package.json'] ?? ''),
    lockfile: 'package-lock.json' in files ? 'npm' : null,
  };
  return exportCompose(manifest, findEnvironment(manifest, environment), world);
}

/** What must be the same after a journey out and in again. */
function essence(manifest: AppManifest) {
  const production = findEnvironment(manifest, 'production');
  return Object.keys(manifest.services).map((name) => {
    const { service, kind, argv, root, port, ready, drainMs, instances, memoryBytes, cpuCores } = effectiveService(
      manifest,
      production,
      name,
    );
    return { service, kind, argv, root, port, ready, drainMs, instances, memoryBytes, cpuCores };
  });
}

const bildwerk = readFileSync(new URL('../../../examples/bildwerk/lotse.yaml', import.meta.url), 'utf8');
const many = `
app: many
services:
  web: { run: node server.ts, port: 3000, ready: "/up?deep=1", instances: 3, cpu: 0.5, memory: 512 MiB, root: apps/web }
  api: { run: "sh -c 'exec node api.ts --host $HOSTNAME'", port: 3000, path: /v1, drain: 1500ms, memory: 100 MB }
  worker: { run: ['node', 'a b', "it's", '$$', '\${X}', ''], root: tools }
jobs:
  tidy: { run: node w.ts }
  purge: { run: node purge.ts, root: tools }
config: { PRICE: "$5 $X", YES: "true", VERSION: 1.10, TEXT: "a: b # c", MAIL: { type: email } }
stores: { pictures: { folder: deep/pictures } }
environments: { production: { config: { MAIL: hello@shop.example } } }
`;

test('what is exported and taken in again has the same services', () => {
  const dockerfile = 'FROM node:24\nWORKDIR /srv/app\nENTRYPOINT ["docker-entrypoint.sh"]\nCMD ["x"]';
  for (const text of [bildwerk, many]) {
    for (const files of [
      { 'package.json': '{}' },
      {},
      { Dockerfile: dockerfile },
      { Dockerfile: dockerfile, 'tools/Dockerfile': dockerfile },
    ]) {
      const manifest = read(text);
      const again = initOf(exportOf(manifest, files).text, files).manifest;
      assert.deepEqual(essence(again), essence(manifest));
      assert.equal(again.app, manifest.app);
    }
  }
});

test('config, jobs and stores come back too', () => {
  const { manifest } = initOf(exportOf(read(many)).text);
  const { VERSION, YES, TEXT, MAIL, PRICE } = manifest.config;
  assert.deepEqual(
    [VERSION?.value, YES?.value, TEXT?.value, MAIL?.value],
    ['1.10', 'true', 'a: b # c', 'hello@shop.example'],
  );
  assert.equal(PRICE?.value, '$5 $X');
  assert.deepEqual(
    Object.values(manifest.jobs).map(({ argv, root }) => [argv, root]),
    [
      [['node', 'w.ts'], '.'],
      [['node', 'purge.ts'], 'tools'],
    ],
  );
  assert.deepEqual(Object.keys(manifest.stores), ['pictures']);
});

test('an app of containers has one image, and starts in it what it starts in Lotse', () => {
  const text = `
app: shop
services: { web: { port: 3000 }, worker: { run: worker.js, root: jobs } }
environments: { production: {} }
`;
  const manifest = parseManifest(text, { file: 'lotse.yaml', hasDockerfile: true });
  const dockerfile = 'FROM node\nWORKDIR /app\nENTRYPOINT ["node"]\nCMD ["web.js"]\n';
  const files = { Dockerfile: dockerfile, 'jobs/Dockerfile': 'FROM python\n' };
  const { services } = parse(exportOf(manifest, files).text);
  assert.deepEqual([services.web.command, services.web.entrypoint], [undefined, undefined]);
  assert.deepEqual(
    [services.worker.build, services.worker.command, services.worker.entrypoint, services.worker.working_dir],
    ['.', ['worker.js'], undefined, '/app/jobs'],
  );
});

test('each copy of each web service has a port of this machine for itself', () => {
  const { services } = parse(exportOf(read(many)).text, { merge: true });
  assert.deepEqual(services.web.ports, ['127.0.0.1:3000-3002:3000']);
  assert.deepEqual(services.api.ports, ['127.0.0.1:3003:3000']);
  assert.equal(services.api.environment.WEB_URL, 'http://web:3000');
  assert.equal(services.worker.environment.PICTURES_DIR, '/stores/pictures');
});

test('what looks like a secret or has no value is asked of .env, and its value is nowhere', () => {
  const manifest = read(`
app: shop
services: { web: { port: 3000, config: { SMTP_URL: "smtp://me:canary@mail" } } }
config: { SESSION_KEY: canary, HOST: { type: string }, MAYBE: { type: string, required: false } }
secrets: [TOKEN]
environments: { production: {} }
`);
  const { text, envExample } = exportOf(manifest);
  assert.match(text, /SESSION_KEY: \$\{SESSION_KEY:\?fill in \.env\}/);
  assert.ok(!`${text}${envExample}`.includes('canary'));
  assert.deepEqual(envExample?.match(/^\w+=$/gm), ['HOST=', 'SESSION_KEY=', 'SMTP_URL=', 'TOKEN=']);
  assert.match(envExample ?? '', /# web: a secret, whose value is in the vault of Lotse alone\nTOKEN=/);
  assert.ok(!text.includes('MAYBE'));
});

test('what people have set is exported in place of what the file says', () => {
  const manifest = read(`
app: shop
services: { web: { port: 3000, config: { LEVEL: debug } }, worker: {} }
config: { LEVEL: info, HOST: { type: string } }
environments: { production: {} }
`);
  const set = [
    { variable: 'LEVEL', service: null, value: 'warn' },
    { variable: 'HOST', service: 'web', value: 'db.internal' },
  ];
  const { text, envExample } = exportOf(manifest, {}, 'production', set);
  const { services } = parse(text, { merge: true });
  assert.deepEqual([services.web.environment.LEVEL, services.worker.environment.LEVEL], ['warn', 'warn']);
  assert.equal(services.web.environment.HOST, 'db.internal');
  assert.match(envExample ?? '', /# worker: lotse\.yaml gives no value\nHOST=/);
});

test('what Compose cannot do is said, as far as the app uses it', () => {
  const full = read(`
app: shop
services:
  web: { port: 3000, live: /livez, assets: /assets }
  worker: { claim: true }
verify: node story.js
environments:
  staging: {}
  production:
    after: staging
    domains: [shop.example]
    strategy: { canary: [5%], limits: { failures: 1% } }
    gates: { approval: 1, checklist: go.md, hours: Mon-Fri 09:00-16:00 }
`);
  const said = exportOf(full).notes.join('\n');
  for (const part of [
    'the switch (canary)',
    'the judge',
    'approval, the checklist, hours',
    'staging has verified',
    'shop.example',
    'assets',
    '`live`',
    'worker find no LOTSE_CLAIM_FILE',
  ]) {
    assert.ok(said.includes(part), `${part} in\n${said}`);
  }
  const few = exportOf(read('app: a\nservices: { w: {} }\nenvironments: { production: {} }')).notes.join('\n');
  assert.ok(!/judge|gates|domains|claims|jobs|data:/.test(few), few);
});
