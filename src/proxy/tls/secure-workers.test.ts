import assert from 'node:assert/strict';
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import http2 from 'node:http2';
import https from 'node:https';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, before, beforeEach, describe, it } from 'node:test';
import type { RoutedCertificate, RoutingDocument } from '../../core/routing-document.ts';
import type { ProxyControl } from '../control-client.ts';
import { document, environment, instance, revision, service } from '../fixtures/documents.ts';
import { ok, PlainApp } from '../fixtures/plain-app.ts';
import { freePorts, ProxyFolder } from '../fixtures/running-proxy.ts';
import { request } from '../fixtures/secure-proxy.ts';
import { hasProgram, lacksOpenssl, makeCertificate } from '../fixtures/test-certificates.ts';

describe('a running proxy with TLS', { skip: lacksOpenssl }, () => {
  let folder: ProxyFolder;
  let control: ProxyControl;
  let app: PlainApp;
  let shop: RoutedCertificate;
  let port = 0;
  let version = 0;

  const withCertificates = (...certificates: readonly RoutedCertificate[]): RoutingDocument =>
    document([environment([revision('one', [service([instance(app.port)])])])], {
      version: ++version,
      tls: { port, certificates },
    });

  async function connect(options: tls.ConnectionOptions = {}): Promise<tls.TLSSocket> {
    const socket = tls.connect({
      port,
      host: '127.0.0.1',
      servername: 'shop.test',
      rejectUnauthorized: false,
      ...options,
    });
    await once(socket, 'secureConnect');
    return socket;
  }

  async function shown(): Promise<string> {
    const socket = await connect();
    const { fingerprint256 } = socket.getPeerCertificate();
    socket.destroy();
    return fingerprint256;
  }

  before(() => (shop = makeCertificate('shop.test')));
  beforeEach(async () => {
    folder = new ProxyFolder();
    app = await PlainApp.start(() => ok('app'));
    [port = 0] = await freePorts(1);
    control = await folder.start(2);
  });
  afterEach(async () => {
    await folder.end(control);
    await app.stop();
  });

  it('resumes sessions with whichever worker accepts, replaced ones included', async () => {
    await control.putDocument(withCertificates(shop));
    const first = await connect();
    first.resume();
    const [session] = await once(first, 'session');
    first.destroy();
    const pids = (await control.status()).workers.map(({ pid }) => pid);
    await control.replaceWorkers(1_000);
    assert.ok((await control.status()).workers.every(({ pid }) => !pids.includes(pid)));
    for (let i = 0; i < 6; i++) {
      const again = await connect({ session });
      assert.equal(again.isSessionReused(), true);
      again.destroy();
    }
  });

  it('names a certificate that cannot be used, and goes on with the one before in every worker', async () => {
    await control.putDocument(withCertificates(shop));
    const before = await shown();
    const broken = { ...shop, keyPem: makeCertificate('x.test').keyPem };
    const other = makeCertificate('other.test');
    const { problems } = await control.putDocument(withCertificates(broken, other));
    assert.match(problems.join(), /^bad-certificate: .*shop\.test/);
    assert.deepEqual((await control.status()).problems, problems);
    assert.equal(await shown(), before);
    await control.replaceWorkers(0);
    for (let i = 0; i < 4; i++) assert.equal(await shown(), before);
    const others = await connect({ servername: 'other.test' });
    assert.equal(String(others.getPeerCertificate().subject.CN), 'other.test');
    others.destroy();
    assert.deepEqual((await control.putDocument(withCertificates(shop))).problems, []);
  });

  it('loses no request and no connection while certificates change under load', async () => {
    await control.putDocument(withCertificates(shop));
    const session = http2.connect(`https://shop.test:${port}`, { host: '127.0.0.1', rejectUnauthorized: false });
    const agent = new https.Agent({ keepAlive: true });
    let isOver = false;
    let count = 0;
    const ask = (own: https.Agent | false) =>
      new Promise<void>((resolve, reject) => {
        const options = { port, host: '127.0.0.1', servername: 'shop.test', rejectUnauthorized: false, agent: own };
        https
          .get({ ...options, headers: { host: 'shop.test' } }, (response) => {
            response.resume().once('error', reject).once('end', resolve);
            assert.equal(response.statusCode, 200);
          })
          .once('error', reject);
      });
    const load = async (send: () => Promise<unknown>) => {
      while (!isOver) {
        await send();
        count++;
      }
    };
    const running = Promise.all([
      load(() => ask(agent)),
      load(() => ask(false)),
      load(() => ask(false)),
      load(async () => assert.equal((await request(session, { ':authority': 'shop.test' })).status, 200)),
    ]);
    for (let i = 0; i < 15; i++) {
      await Promise.race([running, control.putDocument(withCertificates(makeCertificate('shop.test')))]);
      await Promise.race([running, new Promise((resolve) => setTimeout(resolve, 30))]);
    }
    isOver = true;
    await running;
    assert.ok(count > 60, `${count} requests`);
    assert.equal(session.closed, false);
    session.destroy();
    agent.destroy();
  });

  it('is understood by curl', { skip: hasProgram('curl') ? false : 'curl is not installed' }, async () => {
    await control.putDocument(withCertificates(shop));
    for (const [flag, expected] of [
      ['--http2', '2 200 app'],
      ['--http1.1', '1.1 200 app'],
    ] as const) {
      const resolved = ['--resolve', `shop.test:${port}:127.0.0.1`, `https://shop.test:${port}/`];
      const { stdout } = await promisify(execFile)('curl', [
        ...[
          '--silent',
          '--insecure',
          '--noproxy',
          '*',
          flag,
          '--output',
          '-',
          '--write-out',
          '\n%{http_version} %{http_code}',
        ],
        ...resolved,
      ]);
      const [body, told] = stdout.split('\n');
      assert.equal(`${told} ${body}`, expected);
    }
  });
});

describe('a proxy worker', { skip: lacksOpenssl }, () => {
  it('loads TLS and HTTP/2 only with a document that asks for them', async () => {
    const tell = 'process.on("message", (m) => m.kind === "list" && process.send({ list: process.moduleLoadList }))';
    const worker = fork(fileURLToPath(import.meta.resolve('../worker.ts')), [], {
      execArgv: ['--no-warnings', '--import', `data:text/javascript,${tell}`],
    });
    try {
      const heard = async (test: (message: object) => boolean) => {
        for (;;) {
          const [message] = await once(worker, 'message');
          if (test(message)) return message;
        }
      };
      const apply = async (of: RoutingDocument) => {
        const applied = heard((message) => Reflect.get(message, 'kind') === 'applied');
        worker.send({ kind: 'document', sequence: 1, document: of, workerCount: 1, tickets: null });
        await applied;
        const answer = heard((message) => 'list' in message);
        worker.send({ kind: 'list' });
        const { list }: { list: string[] } = await answer;
        return list.filter((name) =>
          /^NativeModule (http2|tls|_tls_wrap|internal\/http2\/core|internal\/tls\/wrap)$/.test(name),
        );
      };
      await heard((message) => Reflect.get(message, 'kind') === 'started');
      assert.deepEqual(await apply(document([])), []);
      const tlsPart = { port: 1, certificates: [makeCertificate('shop.test')] };
      assert.ok((await apply(document([], { tls: tlsPart }))).length >= 2);
    } finally {
      worker.kill('SIGKILL');
    }
  });
});
