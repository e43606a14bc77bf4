import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import {
  certificateList,
  developmentRoot,
  type CertificateView,
} from '../../src/capabilities/certificates/certificates-api.ts';
import { makeCertificateFiles } from '../../src/ports/certificates/fixtures/certificate-files.ts';
import { startPebble } from '../../src/ports/certificates/fixtures/running-pebble.ts';
import { lacks } from '../../src/ports/certificates/fixtures/running-program.ts';
import { freePorts } from '../../src/proxy/fixtures/running-proxy.ts';
import { temporaryLotse, type TemporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';
import { visit } from '../harness/visit.ts';

const run = promisify(execFile);

async function certificatesOf(lotse: TemporaryLotse): Promise<readonly CertificateView[]> {
  return certificateList.parse(await lotse.client.ask('GET /certificates')).certificates;
}

/** One request by TLS for that name, verified; answers status, body and HSTS. */
async function visitByTls(port: number, name: string, ca: string) {
  const { promise, resolve, reject } = Promise.withResolvers<{
    readonly status: number;
    readonly body: string;
    readonly hsts: string | null;
  }>();
  const options = { host: '127.0.0.1', port, path: '/', servername: name, headers: { host: name }, ca, agent: false };
  request(options, (answer) => {
    const hsts = String(answer.headers['strict-transport-security'] ?? '') || null;
    text(answer).then((body) => resolve({ status: answer.statusCode ?? 0, body, hsts }), reject);
  })
    .on('error', reject)
    .end();
  return await promise;
}

async function redirectOf(port: number, host: string): Promise<string> {
  const { stdout } = await run('curl', [
    '-s',
    '-o',
    '/dev/null',
    '-w',
    '%{http_code} %{redirect_url}',
    '-H',
    `Host: ${host}`,
    `http://127.0.0.1:${port}/a?b`,
  ]);
  return stdout;
}

describe('certificates', { skip: lacks('curl') }, () => {
  test(
    'names of this machine get theirs from the development CA, and a rollout is proven by TLS',
    { timeout: 180_000 },
    async (t) => {
      const lotse = await temporaryLotse(t);
      const [tlsPort = 0] = await freePorts(1);
      await lotse.start({ flags: ['--front-tls-port', String(tlsPort)] });
      const first = await lotse.client.release({});
      await lotse.client.deploy(first.id);
      const held = await until(
        'there is a certificate',
        async () => (await certificatesOf(lotse)).find((each) => each.state === 'served') ?? null,
      );
      assert.deepEqual(held.names, ['shop.localhost', '*.shop.localhost']);
      assert.equal(held.issuer, 'local');
      const root = developmentRoot.parse(await lotse.client.ask('GET /development-root'));
      await until('plain requests are sent to TLS', async () =>
        (await redirectOf(lotse.frontPort, 'shop.localhost')).startsWith('301'),
      );
      assert.equal(await redirectOf(lotse.frontPort, 'shop.localhost'), `301 https://shop.localhost:${tlsPort}/a?b`);
      assert.deepEqual(await visitByTls(tlsPort, 'shop.localhost', root.certificatePem), {
        status: 200,
        body: first.id,
        hsts: null,
      });
      assert.equal((await visitByTls(tlsPort, `${first.id}.shop.localhost`, root.certificatePem)).body, first.id);
      assert.equal((await visit(await lotse.port())).body, first.id, 'its own port stays plain');
      const second = await lotse.client.release({}, { files: { 'more.txt': 'more' } });
      const rollout = await lotse.client.deploy(second.id);
      assert.equal(rollout.live, true);
      const { addresses } = await lotse.client.environment();
      assert.equal(addresses[0], `https://shop.localhost:${tlsPort}`);
      const curl = [
        '-s',
        '--cacert',
        root.file,
        '--resolve',
        `shop.localhost:${tlsPort}:127.0.0.1`,
        `https://shop.localhost:${tlsPort}/`,
      ];
      assert.equal((await run('curl', curl)).stdout, second.id);
      await lotse.restart({ flags: ['--front-tls-port', String(tlsPort)] });
      assert.equal((await certificatesOf(lotse))[0]?.fingerprint, held.fingerprint, 'it is the same after a restart');
      assert.equal((await visitByTls(tlsPort, 'shop.localhost', root.certificatePem)).status, 200);
      const vaultKey = join(lotse.state, 'control', 'vault.key');
      await rename(vaultKey, `${vaultKey}.away`);
      await lotse.restart({ flags: ['--front-tls-port', String(tlsPort)] });
      const lockedUp = await until('it is served', async () => {
        const [present] = await certificatesOf(lotse);
        return present?.state === 'served' ? present : null;
      });
      assert.match(lockedUp.problem ?? '', /cannot be opened: the key of the vault is gone/);
      assert.equal(lockedUp.fingerprint, held.fingerprint, 'the proxy had the key');
      assert.equal((await visitByTls(tlsPort, 'shop.localhost', root.certificatePem)).body, second.id);
      await rename(`${vaultKey}.away`, vaultKey);
      await lotse.restart({ flags: ['--front-tls-port', String(tlsPort)] });
      assert.equal((await certificatesOf(lotse))[0]?.problem, null);
      assert.equal((await visitByTls(tlsPort, 'shop.localhost', root.certificatePem)).body, second.id);
      await lotse.restart();
      await until('without TLS plain requests are answered again', async () =>
        (await redirectOf(lotse.frontPort, 'shop.localhost')).startsWith('200'),
      );
    },
  );

  test(
    'an authority issues for a name of the internet through the real proxy',
    { skip: lacks('pebble', 'pebble-challtestsrv'), timeout: 180_000 },
    async (t) => {
      const lotse = await temporaryLotse(t);
      await using pebble = await startPebble({ httpPort: lotse.frontPort, badNonces: 5 });
      const [tlsPort = 0] = await freePorts(1);
      const rootFile = join(lotse.folder, 'pebble-roots.pem');
      await writeFile(rootFile, `${pebble.ownRoot}${pebble.issuingRoot}`);
      const flags = [
        ...[
          '--front-tls-port',
          String(tlsPort),
          '--acme-directory',
          pebble.directory,
          '--acme-email',
          'team@shop.example',
        ],
        ...[
          '--tls-roots',
          rootFile,
          '--acme-http-port',
          String(lotse.frontPort),
          '--acme-dns-server',
          pebble.dnsServer,
        ],
      ];
      await lotse.start({ flags });
      const shop = { production: { domains: ['shop.example', 'www.shop.example'] } };
      const release = await lotse.client.release(shop);
      await lotse.client.deploy(release.id);
      await until('both names have a certificate', async () => {
        const held = await certificatesOf(lotse);
        return held.length === 2 && held.every((each) => each.state === 'served' && each.issuer === 'acme');
      });
      await until('plain requests are sent to TLS', async () =>
        (await redirectOf(lotse.frontPort, 'shop.example')).startsWith('301'),
      );
      const seen = await visitByTls(tlsPort, 'www.shop.example', pebble.issuingRoot);
      assert.deepEqual(
        seen,
        { status: 200, body: release.id, hsts: null },
        'browsers are told nothing on the first day',
      );
      const next = await lotse.client.release(shop, { files: { 'more.txt': 'more' } });
      const rollout = await lotse.client.deploy(next.id);
      assert.equal(rollout.live, true);
      const before = (await certificatesOf(lotse))[0];
      await lotse.client.ask('POST /certificates/shop.example/renewal', {});
      await until('it was renewed', async () => (await certificatesOf(lotse))[0]?.fingerprint !== before?.fingerprint);
      const events = await lotse.client.ask('GET /apps/shop/journal?limit=500');
      const written = JSON.stringify(events);
      assert.match(written, /certificate-issued/);
      assert.match(written, /certificate-renewed/);
      assert.ok(!written.includes('PRIVATE KEY'));
    },
  );

  test(
    'files are served, and a swap is seen; one that does not fit is refused, and the old one serves on',
    { timeout: 180_000 },
    async (t) => {
      const lotse = await temporaryLotse(t);
      const [tlsPort = 0] = await freePorts(1);
      const folder = join(lotse.folder, 'tls');
      await mkdir(folder);
      const files = await makeCertificateFiles(folder, ['shop.example']);
      await lotse.start({ flags: ['--front-tls-port', String(tlsPort), '--tls-files', folder] });
      const { certificate, key, root } = files;
      const production = { domains: ['shop.example'], tls: { certificate, key, hsts: '30d' } };
      const release = await lotse.client.release({ production });
      await lotse.client.deploy(release.id);
      const first = await until(
        'it is served',
        async () => (await certificatesOf(lotse)).find((each) => each.state === 'served') ?? null,
      );
      await until(
        'browsers are told',
        async () => (await visitByTls(tlsPort, 'shop.example', root)).hsts === 'max-age=2592000',
      );
      await makeCertificateFiles(folder, ['other.example']);
      const refused = await until(
        'the swap is refused',
        async () => (await certificatesOf(lotse)).find((each) => each.problem !== null) ?? null,
      );
      assert.match(refused.problem ?? '', /it is for other\.example, and not for shop\.example/);
      assert.equal(refused.fingerprint, first.fingerprint);
      assert.equal((await visitByTls(tlsPort, 'shop.example', root)).status, 200);
      await makeCertificateFiles(folder, ['shop.example']);
      const swapped = await until(
        'the next one is served',
        async () => (await certificatesOf(lotse)).find((each) => each.problem === null) ?? null,
      );
      assert.notEqual(swapped.fingerprint, first.fingerprint);
      assert.equal((await visitByTls(tlsPort, 'shop.example', root)).body, release.id);
    },
  );
});
