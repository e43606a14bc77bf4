import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { RoutedService } from '../core/routing-document.ts';
import { document, environment, instance, revision, service, testProbeKey } from './fixtures/documents.ts';
import { InProcessProxy } from './fixtures/in-process-proxy.ts';
import { ok, PlainApp } from './fixtures/plain-app.ts';
import type { AppHandler } from './fixtures/plain-app.ts';
import { ask, get, RawClient } from './fixtures/raw-client.ts';
import type { RawResponse } from './fixtures/raw-client.ts';
import { signPreview } from './preview-signature.ts';
import { signProbe } from './probe-signature.ts';

const notFound = (body: string) => `HTTP/1.1 404 Not Found\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

/** Serves these paths and answers 404, saying who it is, to all others. */
function serving(name: string, ...paths: readonly string[]): AppHandler {
  return ({ head }) => {
    const [method, path = ''] = head.split(' ');
    const answer = paths.includes(path) ? ok(`${path} of ${name}`) : notFound(`not in ${name}`);
    return method === 'HEAD' ? answer.slice(0, answer.indexOf('\r\n\r\n') + 4) : answer;
  };
}

describe('files that belong to one release', () => {
  const apps: PlainApp[] = [];
  let proxy: InProcessProxy;
  let port: number;

  const app = (at: number): PlainApp => apps[at] ?? assert.fail('no such app');
  const asked = () => apps.map(({ requests }) => requests.length);
  const apply = (more: Partial<RoutedService> = {}, shares?: readonly { revision: string; permille: number }[]) => {
    const revisions = ['oldest', 'old', 'new'].map((name, at) =>
      revision(name, [service([instance(app(at).port)], { assets: '/assets', ...more })]),
    );
    proxy.apply(document([environment(revisions, { port, ...(shares === undefined ? {} : { shares }) })]));
  };
  const outcome = ({ status, body }: RawResponse) => [status, body];

  beforeEach(async () => {
    apps.push(await PlainApp.start(serving('oldest', '/assets/a.js', '/assets/both.js', '/other.js')));
    apps.push(await PlainApp.start(serving('old', '/assets/b.js', '/assets/both.js')));
    apps.push(await PlainApp.start(serving('new', '/assets/c.js')));
    proxy = new InProcessProxy({ assetMs: 300 });
    port = await proxy.listen();
    apply();
  });
  afterEach(async () => {
    proxy.stop();
    for (const each of apps.splice(0)) await each.stop();
  });

  it('are asked of the other revisions, the newest first, when the chosen one answers 404', async () => {
    assert.deepEqual(outcome(await ask(port, get('/assets/c.js'))), [200, '/assets/c.js of new']);
    assert.deepEqual(asked(), [0, 0, 1]);
    assert.deepEqual(outcome(await ask(port, get('/assets/both.js?x=/y'))), [404, 'not in new']);
    assert.deepEqual(outcome(await ask(port, get('/assets/both.js'))), [200, '/assets/both.js of old']);
    assert.deepEqual(outcome(await ask(port, get('/assets/a.js'))), [200, '/assets/a.js of oldest']);
    assert.deepEqual(asked(), [2, 3, 4]);
  });

  it('that nobody has get the chosen one’s 404 with its body, and the connection goes on', async () => {
    const client = await RawClient.connect(port);
    for (let i = 0; i < 3; i++) {
      client.send(get('/assets/none.js'));
      assert.deepEqual(outcome(await client.response()), [404, 'not in new']);
    }
    client.send(get('/assets/a.js'));
    assert.equal((await client.response()).body, '/assets/a.js of oldest');
    client.close();
    assert.deepEqual(asked(), [4, 4, 4]);
    assert.deepEqual(
      proxy.plane.status().addresses.map(({ activeRequests }) => activeRequests),
      [0, 0, 0],
    );
  });

  it('are counted for the chosen one by what the client got', async () => {
    await ask(port, get('/assets/a.js'));
    await ask(port, get('/assets/none.js'));
    const counts = proxy.counts(1).map((line) => [line.revision, line.ok, line.clientError, line.failed]);
    assert.deepEqual(counts, [['new', 1, 1, 0]]);
  });

  it('are looked for by GET and HEAD below the prefix only', async () => {
    const head = await ask(port, get('/assets/a.js').replace('GET', 'HEAD'));
    assert.deepEqual(outcome(head), [200, '']);
    assert.match(head.head, /content-length: 22\r\n/);
    const post = 'POST /assets/a.js HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nhi';
    for (const request of [post, get('/other.js'), get('/assetsx/a.js')])
      assert.deepEqual(outcome(await ask(port, request)), [404, 'not in new']);
    assert.deepEqual(asked(), [1, 1, 4]);
  });

  it('may be cut into any pieces and framed in any way', async () => {
    app(1).handler = ({ socket }) => {
      const bytes = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'.split('');
      const timer = setInterval(() => (bytes.length > 0 ? socket.write(bytes.shift() ?? '') : clearInterval(timer)), 1);
      return null;
    };
    assert.equal((await ask(port, get('/assets/both.js'))).body, 'hello');
    app(2).handler = ({ socket }) => {
      socket.end('HTTP/1.1 404 Not Found\r\n\r\nuntil the end');
      return null;
    };
    app(1).handler = serving('old');
    assert.deepEqual(outcome(await ask(port, get('/assets/none.js'))), [404, 'until the end']);
  });

  it('are not had from a revision that fails, hangs or closes', async () => {
    const broken: readonly AppHandler[] = [
      () => 'HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n',
      () => null,
      () => 'no HTTP at all\r\n\r\n',
      ({ socket }) => {
        socket.destroy();
        return null;
      },
    ];
    for (const handler of broken) {
      app(1).handler = handler;
      assert.equal((await ask(port, get('/assets/both.js'))).body, '/assets/both.js of oldest');
    }
    await app(1).stop();
    assert.equal((await ask(port, get('/assets/both.js'))).body, '/assets/both.js of oldest');
  });

  it('are found on a fresh connection when the kept one has just been closed', async () => {
    await ask(port, get('/assets/b.js'));
    let closed = 0;
    app(1).handler = (request) => {
      if (request.connection > 1) return serving('old', '/assets/b.js')(request);
      closed++;
      request.socket.destroy();
      return null;
    };
    assert.equal((await ask(port, get('/assets/b.js'))).body, '/assets/b.js of old');
    assert.equal(closed, 1);
  });

  it('of a newer release are found while the old one still serves most', async () => {
    const old = [
      { revision: 'old', permille: 1000 },
      { revision: 'new', permille: 0 },
    ];
    apply({}, old);
    assert.equal((await ask(port, get('/assets/c.js'))).body, '/assets/c.js of new');
  });

  it('are not looked for when a release is previewed or probed', async () => {
    const preview = { 'lotse-preview': signPreview(testProbeKey, 'release-of-new', Date.now() + 60_000) };
    const probe = { 'lotse-probe': signProbe(testProbeKey, { bucket: null, revision: null }, Date.now()) };
    for (const fields of [preview, probe]) assert.equal((await ask(port, get('/assets/a.js', fields))).status, 404);
    assert.deepEqual(asked(), [0, 0, 2]);
  });

  it('leave nothing behind when the client goes while they are looked for', async () => {
    app(1).handler = () => null;
    const client = await RawClient.connect(port);
    client.send(get('/assets/b.js'));
    while (app(1).requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    client.socket.resetAndDestroy();
    const active = () => proxy.plane.status().addresses.reduce((sum, each) => sum + each.activeRequests, 0);
    while (active() > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(
      proxy.counts(1).map((line) => [line.revision, line.clientGone]),
      [['new', 1]],
    );
  });
});
