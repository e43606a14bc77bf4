import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseManifest } from '../../src/manifest/parse-manifest.ts';
import type { ForeignApp } from '../harness/foreign-app.ts';
import { foreignHarbour } from '../harness/foreign-harbour.ts';
import { until } from '../harness/until.ts';
import { visit } from '../harness/visit.ts';
import { underLoad } from '../harness/watched-load.ts';

const manifestOf = (app: ForeignApp, hasDockerfile = false) =>
  parseManifest(app.manifest, { file: 'lotse.yaml', hasDockerfile });

interface Change {
  readonly file: string;
  readonly from: string | RegExp;
  readonly to: string;
  /** What users read before and after. */
  readonly before: string;
  readonly after: string;
}

/** Up, a change under load, back again, and all the commands that look at it; then down. */
async function sail(
  app: ForeignApp,
  { file, from, to, before, after }: Change,
): Promise<{ readonly deployed: string }> {
  const up = await app.upAndLeave();
  assert.match(up.stdout, /^production live {2}r1-/m, up.said);
  const port = await app.port();
  assert.equal((await visit(port)).body, before);

  app.change(file, from, to);
  app.commit('a change');
  const { value: deployed, load } = await underLoad(port, () => app.ok('deploy', 'production'));
  assert.match(deployed.stdout, /^production live {2}r2-/m);
  assert.ok(load.ok > 0);
  assert.deepEqual(load.failures, {}, `of ${load.sent} requests`);
  assert.equal((await visit(port)).body, after);

  const second = await underLoad(port, () => app.ok('rollback', 'production', '--reason', 'only a test'));
  assert.match(second.value.stdout, /^production back on {2}r1-/m, second.value.said);
  assert.deepEqual(second.load.failures, {}, `of ${second.load.sent} requests`);
  assert.equal((await visit(port)).body, before);

  await look(app);
  await app.ok('down', 'production', '--yes', 'production');
  await until('users get the maintenance page', async () => (await visit(port)).status === 503);
  return { deployed: deployed.said };
}

/** `status`, `logs` and `run`, at the same time. */
async function look(app: ForeignApp): Promise<void> {
  const [status, , ran] = await Promise.all([
    app.ok('status'),
    app.ok('logs', 'production'),
    app.ok('run', 'production', '--', 'node', '-e', 'console.log("ran in", process.env.LOTSE_ENVIRONMENT)'),
  ]);
  assert.match(status.stdout, /^production +r1-/m);
  assert.match(ran.stdout, /ran in production/);
}

describe('web apps that know nothing of Lotse', { concurrency: 2 }, () => {
  const arrive = foreignHarbour();

  test('`npm start` and a plain HTTP server without a health path', async () => {
    const app = arrive('guestbook');
    await app.init();
    const { web } = manifestOf(app).services;
    assert.deepEqual([web?.argv, web?.port, web?.ready], [['node', 'app.js'], 3000, { kind: 'tcp' }]);
    await sail(app, { file: 'app.js', from: /v1/, to: 'v2', before: 'guestbook v1', after: 'guestbook v2' });
  });

  test('a Procfile with web and worker', async () => {
    const app = arrive('shopfront');
    await app.init();
    assert.deepEqual(
      Object.values(manifestOf(app).services).map(({ service, kind }) => [service, kind]),
      [
        ['web', 'web'],
        ['worker', 'worker'],
      ],
    );
    await sail(app, { file: 'web.js', from: /v1/, to: 'v2', before: 'shopfront v1', after: 'shopfront v2' });
    const { stdout } = await app.ok('logs', 'production', 'worker');
    assert.match(stdout, /worker v1 is waiting/);
    assert.match(stdout, /worker says goodbye/, 'it hears SIGTERM');
  });

  test('a Dockerfile beside package.json', async () => {
    const app = arrive('dashboard');
    const { stderr } = await app.init();
    assert.match(stderr, /docker target is not built yet, so the file says `target: process`/);
    assert.equal(manifestOf(app, true).target, 'process');
    assert.equal(manifestOf(app, true).app, 'dashboard');
    const [before, after] = ['<h1>dashboard v1</h1>', '<h1>dashboard v2</h1>'];
    await sail(app, { file: 'src/build.mjs', from: /v1/, to: 'v2', before, after });
  });

  test('a monorepo with two services, one of which asks the other', async () => {
    const app = arrive('monorepo');
    await app.init();
    assert.deepEqual(
      Object.values(manifestOf(app).services).map(({ service, root, path }) => [service, root, path]),
      [
        ['api', 'apps/api', '/api'],
        ['web', 'apps/web', '/'],
      ],
    );
    const [before, after] = ['web v1, price 10', 'web v1, price 12'];
    await sail(app, { file: 'apps/api/main.js', from: "'10'", to: "'12'", before, after });
  });

  test('an app that ignores PORT takes turns with its next release while requests wait', async () => {
    const app = arrive('legacy-intranet');
    const { stderr } = await app.init();
    assert.match(stderr, /listens on a fixed port: releases take turns/);
    assert.equal(manifestOf(app).environments.at(-1)?.strategy.name, 'recreate');
    const [before, after] = ['intranet v1', 'intranet v2'];
    const { deployed } = await sail(app, { file: 'app.js', from: /v1/, to: 'v2', before, after });
    assert.match(deployed, /47123|held|paus/i, deployed);
  });

  test('an app that takes eight seconds to boot', async () => {
    const app = arrive('slow-starter');
    await app.init();
    await sail(app, { file: 'warm-up.js', from: 'slow v1', to: 'slow v2', before: 'slow v1', after: 'slow v2' });
  });
});
