import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, test, type TestContext } from 'node:test';
import { preview as previewShape } from '../../src/capabilities/releases/releases-api.ts';
import { lacks, startProgram } from '../../src/ports/certificates/fixtures/running-program.ts';
import { ProxyControl } from '../../src/proxy/control-client.ts';
import { freePorts } from '../../src/proxy/fixtures/running-proxy.ts';
import { tellingApp } from '../harness/telling-app.ts';
import { temporaryLotse, type TemporaryLotse } from '../harness/temporary-lotse.ts';
import { sharedLotse } from '../harness/shared-lotse.ts';
import type { Shop } from '../harness/shop-app.ts';

const files = {
  'web.mjs': tellingApp,
  'verify.mjs': `const { release } = await (await fetch(process.env.BASE_URL)).json();
    if (release !== process.env.LOTSE_RELEASE) throw new Error(release);`,
};

/** One request from another address of this machine; `null`: the connection was closed without an answer. */
async function askFrom(localAddress: string, port: number, path = '/', headers: Readonly<Record<string, string>> = {}) {
  const { promise, resolve } = Promise.withResolvers<{ readonly status: number; readonly body: string } | null>();
  const options = {
    host: '127.0.0.1',
    port,
    path,
    localAddress,
    agent: false,
    headers: { host: 'shop.localhost', ...headers },
  };
  get(options, (answer) => {
    void text(answer).then((body) => resolve({ status: answer.statusCode ?? 0, body }));
  }).on('error', () => resolve(null));
  return await promise;
}

/** What the app was told about a request. */
async function toldFrom(localAddress: string, port: number, headers: Readonly<Record<string, string>> = {}) {
  const answer = await askFrom(localAddress, port, '/', headers);
  const { fields } = JSON.parse(answer?.body ?? assert.fail('no answer'));
  return { for: fields['x-forwarded-for'], proto: fields['x-forwarded-proto'], forwarded: fields.forwarded };
}

async function deployed(t: TestContext, trusted: unknown): Promise<TemporaryLotse> {
  const lotse = await temporaryLotse(t);
  await lotse.start();
  const release = await lotse.client.release({ verify: true, production: { trusted_proxies: trusted } }, { files });
  // That it is live was proven through the front port, where every connection from here may have to begin with a header.
  const rollout = await lotse.client.deploy(release.id);
  assert.ok(rollout.live);
  return lotse;
}

describe('behind another proxy', () => {
  test('HAProxy says who the client is by the PROXY protocol', { skip: lacks('haproxy') }, async (t) => {
    const lotse = await deployed(t, { networks: ['127.0.0.0/8'], proxy_protocol: true });
    const [port = 0] = await freePorts(1);
    const file = join(lotse.folder, 'haproxy.cfg');
    const times = 'timeout connect 5s\n timeout client 30s\n timeout server 30s';
    const server = `server lotse 127.0.0.1:${lotse.frontPort} send-proxy-v2 check`;
    await writeFile(file, `defaults\n mode tcp\n ${times}\nlisten front\n bind 127.0.0.1:${port}\n ${server}\n`);
    const haproxy = await startProgram(['haproxy', '-db', '-f', file], [port]);
    t.after(async () => await haproxy[Symbol.asyncDispose]());
    const lies = { 'x-forwarded-for': '6.6.6.6', 'x-forwarded-proto': 'https' };
    assert.deepEqual(await toldFrom('127.0.0.5', port, lies), {
      for: '127.0.0.5',
      proto: 'http',
      forwarded: 'for=127.0.0.5;proto=http;host="shop.localhost"',
    });
    assert.equal(await askFrom('127.0.0.5', lotse.frontPort), null);
    const trusted_proxies = { networks: ['127.0.0.0/8'], proxy_protocol: true };
    const next = await lotse.client.release({ verify: true, production: { trusted_proxies } }, { files });
    assert.ok((await lotse.client.deploy(next.id)).live);
    const answer = await askFrom('127.0.0.5', port);
    assert.equal(JSON.parse(answer?.body ?? '').release, next.id);
  });

  test('nginx says it by X-Forwarded-*', { skip: lacks('nginx') }, async (t) => {
    const lotse = await deployed(t, ['127.0.0.1']);
    const [port = 0] = await freePorts(1);
    const folder = join(lotse.folder, 'nginx');
    await mkdir(folder);
    await writeFile(join(folder, 'nginx.conf'), nginxConfig(folder, port, lotse.frontPort));
    const argv = ['nginx', '-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'] as const;
    const nginx = await startProgram([...argv], [port]);
    t.after(async () => await nginx[Symbol.asyncDispose]());
    assert.deepEqual(await toldFrom('127.0.0.5', port, { 'x-forwarded-for': '6.6.6.6' }), {
      for: '127.0.0.5, 127.0.0.1',
      proto: 'https',
      forwarded: 'for=127.0.0.5;proto=https;host="shop.localhost", for=127.0.0.1',
    });
    // Somebody who comes past nginx is believed nothing.
    const past = await toldFrom('127.0.0.5', lotse.frontPort, { 'x-forwarded-for': '6.6.6.6' });
    assert.equal(past.for, '127.0.0.5');
  });
});

/** As the guide says it, on one process; the proto stands for a server that ends TLS. */
function nginxConfig(folder: string, port: number, frontPort: number): string {
  return `daemon off; master_process off; pid ${folder}/pid; events {}
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${frontPort};
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto https;
      proxy_set_header X-Forwarded-Host $host;
    }
  }
}`;
}

describe('two releases side by side', () => {
  const shop: Shop = { web: { assets: '/assets' }, watch: '10m' };
  const released: string[] = [];
  let rollout = '';
  const lotse = sharedLotse(async (fresh) => {
    for (const turn of [0, 1]) {
      const { id } = await fresh.client.release(shop, { files });
      released.push(id);
      const started = await fresh.client.start(id);
      rollout = started.id;
      await fresh.client.untilRollout(rollout, 'live', ({ live }) => live);
      if (turn === 0) await fresh.client.command(rollout, 'advance');
      if (turn === 0) await fresh.client.untilRollout(rollout, 'settled', ({ status }) => status === 'settled');
    }
  });

  const ask = async (path: string, headers: Readonly<Record<string, string>> = {}) =>
    await askFrom('127.0.0.1', lotse().frontPort, path, headers);
  const preview = async (release?: string, forMs = 60_000) => {
    const body = { forMs, ...(release === undefined ? {} : { release }) };
    return previewShape.parse(await lotse().client.ask('POST /apps/shop/environments/production/preview', body));
  };
  const releaseOf = (answer: { readonly body: string } | null): unknown => JSON.parse(answer?.body ?? '').release;

  test('each can be previewed, by a signed header and by name', async () => {
    const [old = '', next = ''] = released;
    assert.equal(releaseOf(await ask('/')), next);
    for (const release of released) {
      const { value, header, named, runs, url } = await preview(release);
      assert.ok(runs);
      assert.equal(named, `http://${release}.shop.localhost:${lotse().frontPort}`);
      assert.equal(url, `http://shop.localhost:${lotse().frontPort}`);
      assert.equal(releaseOf(await ask('/', { [header]: value })), release);
      assert.equal(releaseOf(await ask('/', { host: new URL(named ?? '').host })), release);
    }
    assert.equal((await preview()).release, next);
    assert.notEqual(old, next);
  });

  test('a preview is for those who may deploy, for seven days at most, of releases that there are', async () => {
    const at = 'POST /apps/shop/environments/production/preview';
    assert.equal((await lotse().client.refusal(at, { forMs: 8 * 86_400_000 })).status, 400);
    assert.equal((await lotse().client.refusal(at, { release: 'r99-fffffff' })).status, 404);
    const viewer = await lotse().client.person('Vera', ['viewer']);
    assert.equal((await viewer.refusal(at, {})).status, 403);
  });

  test('a person sends all users to the old one, and the status says so until it is over', async () => {
    const scope = { app: 'shop', environment: 'production' };
    const proxy = new ProxyControl(join(lotse().state, 'proxy'));
    const [old = '', next = ''] = released;
    await proxy.override({ ...scope, by: 'anna', reason: 'the new one is slow', order: { kind: 'switch', to: old } });
    assert.equal(releaseOf(await ask('/')), old);
    const [order] = (await lotse().client.environment()).proxyOrders;
    assert.deepEqual([order?.kind, order?.by, order?.reason], ['switch', 'anna', 'the new one is slow']);
    assert.ok(await proxy.clearOverride(scope, 'switch'));
    assert.equal(releaseOf(await ask('/')), next);
    assert.deepEqual((await lotse().client.environment()).proxyOrders, []);
  });

  test('files of the old one are there until it stops', async () => {
    const [old = '', next = ''] = released;
    assert.deepEqual(await ask(`/assets/${next}.js`), { status: 200, body: `file of ${next}` });
    assert.deepEqual(await ask(`/assets/${old}.js`), { status: 200, body: `file of ${old}` });
    assert.deepEqual(await ask('/assets/none.js'), { status: 404, body: `not in ${next}` });
    const oldPreview = await preview(old);
    assert.equal((await ask(`/assets/${next}.js`, { [oldPreview.header]: oldPreview.value }))?.status, 404);
    await lotse().client.command(rollout, 'advance');
    await lotse().client.ended(rollout);
    assert.deepEqual(await ask(`/assets/${old}.js`), { status: 404, body: `not in ${next}` });
    assert.equal((await preview(old)).runs, false);
    const late = await ask('/', { [oldPreview.header]: oldPreview.value });
    assert.match(late?.body ?? '', /unknown-release/);
  });
});
