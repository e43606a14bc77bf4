import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { flagsPath } from '../core/routing-document.ts';
import type { RoutedEnvironment } from '../core/routing-document.ts';
import { document, environment, instance, loopback, revision, service } from './fixtures/documents.ts';
import { InProcessProxy } from './fixtures/in-process-proxy.ts';
import { ok, PlainApp } from './fixtures/plain-app.ts';
import { ask, fieldOf, get } from './fixtures/raw-client.ts';

describe('requests below /.lotse/flags', () => {
  let app: PlainApp;
  let flags: PlainApp;
  let proxy: InProcessProxy;
  let port: number;
  const path = `${flagsPath}/ofrep/v1/evaluate/flags`;

  function apply(more: Partial<RoutedEnvironment> = {}, ofWhich = 'production'): void {
    const environments = [environment([revision('one', [service([instance(app.port)])])], { port, ...more })];
    const readers = [{ app: 'shop', environment: ofWhich, key: 'secret-key' }];
    proxy.apply({ ...document(environments), flags: { address: loopback(flags.port), environments: readers } });
  }

  beforeEach(async () => {
    app = await PlainApp.start(() => ok('app'));
    flags = await PlainApp.start(() => ok('flags'));
    proxy = new InProcessProxy();
    port = await proxy.listen();
  });
  afterEach(async () => {
    proxy.stop();
    await app.stop();
    await flags.stop();
  });

  it('go to whoever evaluates flags, with the key of the environment in place of what a client says', async () => {
    apply();
    assert.equal((await ask(port, get(path, { 'lotse-flag-key': 'a guess' }))).body, 'flags');
    assert.equal((await ask(port, get(flagsPath))).body, 'flags');
    assert.match(flags.requests[0]?.head ?? '', /\r\nlotse-flag-key: secret-key\r\n/);
    assert.doesNotMatch(flags.requests[0]?.head ?? '', /a guess/);
    assert.equal((await ask(port, get('/.lotse/flagship'))).body, 'app');
    assert.doesNotMatch(app.requests[0]?.head ?? '', /secret-key/);
    assert.deepEqual(
      proxy.plane.counters()[0]?.tables.map(({ service: name }) => name),
      ['web'],
    );
  });

  it('are the app’s own where an environment has no flags', async () => {
    apply({}, 'staging');
    assert.equal((await ask(port, get(path))).body, 'app');
  });

  it('are answered also while the app is down for maintenance', async () => {
    apply({ mode: { kind: 'maintenance', retryAfterS: 30, message: 'back soon' } });
    assert.equal((await ask(port, get(path))).body, 'flags');
    assert.equal((await ask(port, get('/'))).status, 503);
  });

  it('get 503 with Retry-After while nobody evaluates flags, and the app serves on', async () => {
    apply();
    await flags.stop();
    const away = await ask(port, get(path));
    assert.deepEqual([away.status, fieldOf(away, 'retry-after')], [503, '5']);
    assert.equal((await ask(port, get('/'))).body, 'app');
    assert.deepEqual(
      proxy.plane.counters()[0]?.tables.map(({ service: name }) => name),
      ['web'],
    );
  });
});
