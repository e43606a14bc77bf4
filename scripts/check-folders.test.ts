import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkFolders, placeOf } from './check-folders.ts';
import { parseCode } from './checks/parse-code.ts';

/** Checks a made-up tree: paths and their texts. */
function check(tree: Readonly<Record<string, string>>): readonly string[] {
  const files = Object.entries(tree).map(([path, text]) => parseCode({ path, text }));
  const { findings } = checkFolders(files, (path) => path in tree);
  return findings.map(({ path, line, message }) => `${path}:${line} ${message}`);
}

function assertForbidden(tree: Readonly<Record<string, string>>, start: string, because: RegExp): void {
  const found = check(tree);
  assert.equal(found.length, 1, found.join('\n'));
  assert.ok(found[0]?.startsWith(`${start}: forbidden because `), found[0]);
  assert.match(found[0] ?? '', because);
}

const id = { 'src/core/ids.ts': 'export const id = 1;' };
const docker = { 'src/ports/targets/docker/docker-target.ts': 'export const docker = 1;' };

test('a tree that keeps the rules is fine', () => {
  const found = check({
    ...id,
    'src/core/chain.ts': `import { createHash } from 'node:crypto';\nimport { id } from './ids.ts';\nexport const c = [createHash, id];`,
    'src/rollout/release.ts': `import { z } from 'zod';\nimport { id } from '../core/ids.ts';\nexport type Release = typeof id; export { z };`,
    'src/ports/targets/targets.ts': `import type { Release } from '../../rollout/release.ts';\nexport type Targets = Release;`,
    'src/ports/targets/targets.contract.ts': `import test from 'node:test';\nimport type { Targets } from './targets.ts';\nexport const t = (a: Targets) => test('x', () => a);`,
    'src/ports/targets/docker/docker-target.ts': `import Docker from 'dockerode';\nimport type { Targets } from '../targets.ts';\nexport const d: Targets = Docker;`,
    'src/ports/targets/docker/docker-target.test.ts': `import { t } from '../targets.contract.ts';\nimport { d } from './docker-target.ts';\nt(d);`,
    'src/engine/journal.ts': `import type { Release } from '../rollout/release.ts';\nexport type Journal = Release;`,
    'src/engine/engine.ts': `import { run } from './perform.ts';\nexport const engine = run;`,
    'src/engine/perform.ts': `import type { Journal } from './journal.ts';\nexport const run = (journal: Journal) => journal;`,
    'src/database/journal-rows.ts': `import { Kysely } from 'kysely';\nimport type { Journal } from '../engine/journal.ts';\nexport const rows: Journal = Kysely;`,
    'src/capabilities/releases/release.ts': `import { id } from '../../core/ids.ts';\nexport const release = id;`,
    'src/capabilities/releases/releases-api.ts': `import { z } from 'zod';\nexport const schema = z;`,
    'src/capabilities/releases/routes.ts': `import { engine } from '../../engine/engine.ts';\nimport { release } from './release.ts';\nimport { rows } from '../../database/journal-rows.ts';\nexport const routes = [engine, release, rows];`,
    'src/api/server.ts': `import fastify from 'fastify';\nimport { routes } from '../capabilities/releases/routes.ts';\nexport const server = [fastify, routes];`,
    'src/cli/commands/deploy.ts': `import { schema } from '../../capabilities/releases/releases-api.ts';\nimport { client } from '../../proxy/control-client.ts';\nexport const deploy = [schema, client];`,
    'src/proxy/control-client.ts': `import net from 'node:net';\nimport { id } from '../core/ids.ts';\nexport const client = [net, id];`,
    'src/main.ts': `import { d } from './ports/targets/docker/docker-target.ts';\nd;`,
    'web/app.tsx': `import { schema } from '../src/capabilities/releases/releases-api.ts';\nimport { Page } from './page';\nimport './app.css';\nexport const app = <Page schema={schema} />;`,
    'web/page.tsx': 'export const Page = () => null;',
    'web/app.css': '',
  });
  assert.deepEqual(found, []);
});

test('the kernel depends on nothing', () => {
  const because = /depends on nothing/;
  assertForbidden({ 'src/core/ids.ts': `import { v7 } from 'uuidv7';` }, 'src/core/ids.ts:1 imports uuidv7', because);
  assertForbidden({ 'src/core/ids.ts': `\nimport fs from 'node:fs';` }, 'src/core/ids.ts:2 imports node:fs', because);
  assertForbidden(
    { 'src/core/ids.ts': `import { createHash, randomUUID } from 'node:crypto';` },
    'src/core/ids.ts:1 imports node:crypto',
    because,
  );
});

test('pure code has neither clock nor randomness nor process, and keys of that name are no globals', () => {
  const find = (text: string) => check({ 'src/rollout/decide.ts': text }).map((line) => /uses (.*?): /.exec(line)?.[1]);
  assert.deepEqual(find('export const now = Date.now();'), ['Date.now']);
  assert.deepEqual(find('export const now = new Date();'), ['new Date()']);
  assert.deepEqual(find('export const then = (ms: number) => new Date(ms);'), []);
  assert.deepEqual(find('export const dice = () => Math.random();'), ['Math.random']);
  assert.deepEqual(find('export const home = process.env.HOME;'), ['process']);
  assert.deepEqual(find('export type T = { process: string }; export const t: T = { process: "a" }; t.process;'), []);
});

test('the rollout takes only types from the manifest, and is told how', () => {
  const manifest = { 'src/manifest/schema.ts': 'export const schema = 1; export type Manifest = number;' };
  assertForbidden(
    { ...manifest, 'src/rollout/plan.ts': `import { schema } from '../manifest/schema.ts';\nschema;` },
    'src/rollout/plan.ts:1 imports src/manifest/schema.ts',
    /`import type` would be allowed/,
  );
  const asType = `import type { Manifest } from '../manifest/schema.ts';\nexport type P = Manifest;`;
  assert.deepEqual(check({ ...manifest, 'src/rollout/plan.ts': asType }), []);
});

test('`import { type … }` loads the file and counts as a value import', () => {
  const tree = {
    'src/manifest/schema.ts': 'export type Manifest = number;',
    'src/rollout/plan.ts': `import { type Manifest } from '../manifest/schema.ts';\nexport type P = Manifest;`,
  };
  assertForbidden(tree, 'src/rollout/plan.ts:1 imports src/manifest/schema.ts', /pure/);
});

test('a port knows no driver, and a driver no other driver, not even its types', () => {
  assertForbidden(
    { ...docker, 'src/ports/targets/targets.ts': `export { docker } from './docker/docker-target.ts';` },
    'src/ports/targets/targets.ts:1 imports src/ports/targets/docker/docker-target.ts',
    /a port is an interface/,
  );
  const other = { 'src/ports/targets/process/launcher.ts': 'export type L = 1;' };
  assertForbidden(
    {
      ...other,
      'src/ports/targets/docker/docker.ts': `import type { L } from '../process/launcher.ts';\nexport type D = L;`,
    },
    'src/ports/targets/docker/docker.ts:1 imports types of src/ports/targets/process/launcher.ts',
    /a driver knows its port/,
  );
});

test('targets share the keeping of slots, which knows none of them', () => {
  const kept = { 'src/ports/targets/slots/slot.ts': 'export const slot = 1;' };
  const path = 'src/ports/targets/docker/docker.ts';
  assert.deepEqual(check({ ...kept, [path]: `import { slot } from '../slots/slot.ts';\nslot;` }), []);
  assertForbidden(
    { ...docker, 'src/ports/targets/slots/slot.ts': `import { docker } from '../docker/docker-target.ts';\ndocker;` },
    'src/ports/targets/slots/slot.ts:1 imports src/ports/targets/docker/docker-target.ts',
    /it knows none of them/,
  );
});

test('a driver takes values from its own port only, and types from the others', () => {
  const stores = { 'src/ports/stores/stores.ts': 'export const s = 1; export type S = 1;' };
  const path = 'src/ports/targets/docker/docker.ts';
  assertForbidden(
    { ...stores, [path]: `import { s } from '../../stores/stores.ts';\ns;` },
    `${path}:1 imports src/ports/stores/stores.ts`,
    /a driver knows its port/,
  );
  assert.deepEqual(
    check({ ...stores, [path]: `import type { S } from '../../stores/stores.ts';\nexport type T = S;` }),
    [],
  );
});

test('the engine reaches neither drivers nor database nor capabilities', () => {
  for (const target of [
    'src/database/db.ts',
    'src/capabilities/flags/flag.ts',
    'src/api/server.ts',
    'src/cli/lotse.ts',
  ]) {
    assertForbidden(
      { [target]: 'export const x = 1;', 'src/engine/loop.ts': `import { x } from '../${target.slice(4)}';\nx;` },
      `src/engine/loop.ts:1 imports ${target}`,
      /through ports alone/,
    );
  }
});

test('no capability imports another one', () => {
  assertForbidden(
    {
      'src/capabilities/flags/flag.ts': 'export type F = 1;',
      'src/capabilities/releases/routes.ts': `import type { F } from '../flags/flag.ts';\nexport type R = F;`,
    },
    'src/capabilities/releases/routes.ts:1 imports types of src/capabilities/flags/flag.ts',
    /they meet in the journal/,
  );
});

test('a capability sees only the public file of the engine', () => {
  assertForbidden(
    {
      'src/engine/loop.ts': 'export const l = 1;',
      'src/capabilities/flags/x.ts': `import { l } from '../../engine/loop.ts';\nl;`,
    },
    'src/capabilities/flags/x.ts:1 imports src/engine/loop.ts',
    /public file of the engine/,
  );
});

test('the proxy needs nothing but the kernel', () => {
  assertForbidden(
    { 'src/proxy/worker.ts': `import { z } from 'zod';\nz;` },
    'src/proxy/worker.ts:1 imports zod',
    /serves on/,
  );
  assertForbidden(
    {
      'src/rollout/plan.ts': 'export type P = 1;',
      'src/proxy/worker.ts': `import type { P } from '../rollout/plan.ts';\nexport type W = P;`,
    },
    'src/proxy/worker.ts:1 imports types of src/rollout/plan.ts',
    /serves on/,
  );
});

test('command line and web page are clients, and the page has no modules of Node', () => {
  const database = { 'src/database/db.ts': 'export const x = 1;' };
  assertForbidden(
    { ...database, 'src/cli/lotse.ts': `const { x } = await import('../database/db.ts');\nx;` },
    'src/cli/lotse.ts:1 imports src/database/db.ts',
    /another machine/,
  );
  assertForbidden({ 'web/app.ts': `import fs from 'node:fs';\nfs;` }, 'web/app.ts:1 imports node:fs', /browser/);
});

test('the example app shares no code with Lotse', () => {
  assertForbidden(
    { ...id, 'examples/bildwerk/server.ts': `import { id } from '../../src/core/ids.ts';\nid;` },
    'examples/bildwerk/server.ts:1 imports src/core/ids.ts',
    /as a user has it/,
  );
});

test('production code loads no test, harness or contract suite, not even the composition root', () => {
  assertForbidden(
    {
      'test/harness/clock.ts': 'export const c = 1;',
      'src/main.ts': `import { c } from '../test/harness/clock.ts';\nc;`,
    },
    'src/main.ts:1 imports test/harness/clock.ts',
    /production code never loads/,
  );
  assertForbidden(
    {
      'src/ports/targets/targets.contract.ts': 'export const c = 1;',
      'src/ports/targets/docker/d.ts': `import { c } from '../targets.contract.ts';\nc;`,
    },
    'src/ports/targets/docker/d.ts:1 imports src/ports/targets/targets.contract.ts',
    /production code never loads/,
  );
});

test('the composition root stays below 250 lines', () => {
  assert.deepEqual(check({ 'src/main.ts': '1;\n'.repeat(250) }), []);
  assert.match(check({ 'src/main.ts': '1;\n'.repeat(251) })[0] ?? '', /^src\/main.ts:1 has 251 lines, at most 250/);
});

test('files that load each other in a circle are found once, with the way around', () => {
  const tree = {
    'src/engine/a.ts': `import { b } from './b.ts';\nexport const a = () => b;`,
    'src/engine/b.ts': `import { c } from './c.ts';\nexport const b = () => c;`,
    'src/engine/c.ts': `import { a } from './a.ts';\nexport const c = () => a;`,
    'src/engine/d.ts': `import { a } from './a.ts';\na;`,
  };
  const way = 'src/engine/a.ts → src/engine/b.ts → src/engine/c.ts → src/engine/a.ts';
  assert.deepEqual(check(tree), [`src/engine/a.ts:1 loads itself in a circle: ${way}`]);
});

test('types and dynamic imports close no circle', () => {
  const tree = {
    'src/engine/a.ts': `import { b } from './b.ts';\nexport const a = b; export type A = 1;`,
    'src/engine/b.ts': `import type { A } from './a.ts';\nexport const b: A = 1;\nexport const later = () => import('./a.ts');`,
  };
  assert.deepEqual(check(tree), []);
});

test('an import of a file that does not exist is named', () => {
  assert.deepEqual(check({ 'src/core/a.ts': `import { b } from './b.ts';\nb;` }), [
    'src/core/a.ts:1 imports ./b.ts: no such file',
  ]);
});

test('code outside the plan is named', () => {
  assert.match(check({ 'src/helpers/a.ts': '1;' })[0] ?? '', /^src\/helpers\/a.ts:1 lies in no folder/);
});

test('code that cannot be parsed stops the check instead of passing it', () => {
  assert.throws(() => check({ 'src/core/a.ts': 'const = ;' }), /src\/core\/a.ts:1 cannot be parsed/);
});

test('each file of a capability lies in the zone that its name says', () => {
  const zoneOf = (file: string) => placeOf(`src/capabilities/${file}`)?.zone.name;
  assert.equal(zoneOf('releases/release.ts'), 'pure file of a capability');
  assert.equal(zoneOf('policies/policy.ts'), 'pure file of a capability');
  assert.equal(zoneOf('telemetry/telemetry.ts'), 'pure file of a capability');
  assert.equal(zoneOf('releases/releases-api.ts'), 'capability api');
  assert.equal(zoneOf('releases/routes.ts'), 'capability routes');
  assert.equal(zoneOf('releases/routes-jobs.ts'), 'capability routes');
  assert.equal(zoneOf('accounts/routes.ts'), 'capability routes');
  assert.equal(zoneOf('accounts/people.ts'), 'accounts');
  assert.equal(zoneOf('releases/release-rows.ts'), 'capability');
});
