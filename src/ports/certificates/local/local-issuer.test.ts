import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import tls, { createServer } from 'node:tls';
import { promisify } from 'node:util';
import { issuerContract } from '../certificates.contract.ts';
import { lacks } from '../fixtures/running-program.ts';
import { keptLocalRoot } from './local-authority.ts';
import { localIssuer } from './local-issuer.ts';

const run = promisify(execFile);
const names = ['shop.localhost', '*.shop.localhost'];

async function start() {
  const folder = await mkdtemp(join(tmpdir(), 'lotse-local-ca-'));
  const place = join(folder, 'local-ca');
  const root = await keptLocalRoot(place, Date.now);
  return {
    ...{ folder, place, names, broken: null, root: root.certificatePem, rootFile: root.file },
    issuer: localIssuer(() => keptLocalRoot(place, Date.now), Date.now),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

issuerContract('development CA', start);

test('the root is made once, and its key can be read by its owner alone', async () => {
  await using world = await start();
  const again = await keptLocalRoot(world.place, Date.now);
  assert.equal(again.certificatePem, world.root);
  assert.equal((await stat(join(world.place, 'root.key'))).mode & 0o777, 0o600);
  assert.equal((await stat(world.place)).mode & 0o777, 0o700);
});

test('a root that would end before its leaves is replaced', async () => {
  await using world = await start();
  const inTenYears = () => Date.now() + 3_600 * 86_400_000;
  const next = await keptLocalRoot(world.place, inTenYears);
  assert.notEqual(next.certificatePem, world.root);
  assert.equal(await readFile(world.rootFile, 'utf8'), next.certificatePem);
});

test('Node verifies it for each of its names and for no other', async () => {
  await using world = await start();
  const { chainPem, keyPem } = await world.issuer.issue(names, AbortSignal.timeout(120_000));
  const server = createServer({ cert: chainPem, key: keyPem.reveal() }, (socket) => socket.end('hello')).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const verify = async (servername: string, ca: readonly string[]): Promise<string> => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const socket = tls.connect({ host: '127.0.0.1', port, servername, ca: [...ca] });
    socket.on('secureConnect', () => resolve('fine'));
    socket.on('error', (error) => resolve('code' in error ? String(error.code) : error.message));
    const outcome = await promise;
    socket.destroy();
    return outcome;
  };
  try {
    assert.equal(await verify('shop.localhost', [world.root]), 'fine');
    assert.equal(await verify('r7-a1b2c3d.shop.localhost', [world.root]), 'fine');
    assert.equal(await verify('a.b.shop.localhost', [world.root]), 'ERR_TLS_CERT_ALTNAME_INVALID');
    assert.equal(await verify('shop.localhost', []), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  } finally {
    server.close();
  }
});

test('openssl verifies it strictly', { skip: lacks('openssl') }, async () => {
  await using world = await start();
  const { chainPem } = await world.issuer.issue(names, AbortSignal.timeout(120_000));
  const leaf = join(world.folder, 'leaf.pem');
  await writeFile(leaf, chainPem);
  const strict = ['-x509_strict', '-purpose', 'sslserver', '-verify_hostname', 'shop.localhost'];
  const { stdout } = await run('openssl', ['verify', ...strict, '-CAfile', world.rootFile, leaf]);
  assert.match(stdout, /leaf\.pem: OK/);
});
