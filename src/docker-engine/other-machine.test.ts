import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { Secret } from '../core/secret.ts';
import { baseImage } from '../../test/harness/docker-base-image.ts';
import { findTestEngine } from '../../test/harness/docker-engine.ts';
import { startOtherMachine } from '../../test/harness/other-machine.ts';
import { copyImage } from './copy-image.ts';
import { DockerEngine } from './docker-engine.ts';

const found = await findTestEngine();
// Room for the base image once, and not for what a test writes besides.
const other = await startOtherMachine({ withBaseImage: false, diskBytes: 400 * 2 ** 20 });
const skip = found.skip === false ? other.skip : found.skip;
if (skip !== false) console.log(`skipped: ${skip}`);

describe('the engine of another machine', { skip }, () => {
  if (found.skip !== false || other.skip !== false) return;
  const there = new DockerEngine(other.address);
  after(() => {
    there.close();
    other.release();
  });

  test('it is reached by TLS, and is another one', async () => {
    assert.equal((await there.version()).spoken, (await other.engine.version()).spoken);
    assert.notEqual((await there.info()).ID, (await found.engine.info()).ID);
    assert.equal((await there.info()).ID, (await other.engine.info()).ID);
  });

  test('certificates of the wrong authority end the call on either side', async () => {
    const { address } = other;
    const stranger = await makeStranger();
    const wrongServer = new DockerEngine({ ...address, ca: stranger.cert });
    await assert.rejects(wrongServer.info(), { code: 'unreachable', message: /certificate/ });
    const wrongClient = new DockerEngine({ ...address, cert: stranger.cert, key: new Secret(stranger.key) });
    await assert.rejects(wrongClient.info(), { code: 'unreachable' });
  });

  test('an image is brought there without a registry, under its tag and with its id', async () => {
    await assert.rejects(there.images.inspect(baseImage), { failure: 'not-found' });
    const { Id } = await found.engine.images.inspect(baseImage);
    assert.equal(await copyImage({ id: Id, tag: baseImage }, found.engine, there), true);
    assert.equal(await copyImage({ id: Id, tag: baseImage }, found.engine, there), false);
    assert.equal((await there.images.inspect(baseImage)).Id, Id);
  });

  test('a container runs there, where folders of this machine are not', async () => {
    const id = await there.containers.create('there', { Image: baseImage, Cmd: ['hostname'] });
    await there.containers.start(id);
    assert.equal(await there.containers.wait(id), 0);
    await there.containers.remove(id);
    await assert.rejects(found.engine.containers.inspect(id), { failure: 'not-found' });
  });

  test('a full disk is called so', async () => {
    const tar = spawn('sh', ['-c', 'cd "$(mktemp -d)" && truncate -s 500M large && tar -c large; rm -r "$PWD"']);
    const building = async (): Promise<void> => {
      for await (const _ of there.images.build(tar.stdout, {}, {}));
    };
    await assert.rejects(building(), { code: 'disk-full', failure: 'no-space', hint: /docker system df/ });
    tar.kill();
  });

  test('an engine that is killed is absent, and is there again when it was started', async () => {
    await other.order('kill');
    await assert.rejects(there.info(), { failure: 'absent', retriable: true });
    await other.order('start');
    assert.ok((await there.images.list()).length > 0);
  });
});

/** Signed by itself, so by nobody that either side knows. */
async function makeStranger(): Promise<{ readonly cert: string; readonly key: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'lotse-stranger-'));
  const files = ['-keyout', 'key', '-out', 'cert', '-subj', '/CN=stranger', '-days', '2'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  execFileSync('openssl', ['req', '-x509', ...curve, ...files], { cwd: folder, stdio: 'ignore' });
  const stranger = { cert: readFileSync(join(folder, 'cert'), 'utf8'), key: readFileSync(join(folder, 'key'), 'utf8') };
  await rm(folder, { recursive: true });
  return stranger;
}
