import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseManifest } from '../../src/manifest/parse-manifest.ts';
import type { ForeignApp } from '../harness/foreign-app.ts';
import { foreignHarbour } from '../harness/foreign-harbour.ts';
import { sail } from '../harness/sail.ts';

const manifestOf = (app: ForeignApp) => parseManifest(app.manifest, { file: 'lotse.yaml', hasDockerfile: false });

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
