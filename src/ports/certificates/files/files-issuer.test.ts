import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { issuerContract } from '../certificates.contract.ts';
import { makeCertificateFiles } from '../fixtures/certificate-files.ts';
import { allowedFiles } from './allowed-files.ts';
import { filesIssuer } from './files-issuer.ts';

const names = ['shop.example', '*.shop.example'];

async function start() {
  const folder = await mkdtemp(join(tmpdir(), 'lotse-files-'));
  const files = await makeCertificateFiles(folder, names);
  const allowFile = allowedFiles([folder]);
  return {
    ...{ folder, names, files, root: files.root, issuer: filesIssuer({ ...files, allowFile }) },
    broken: {
      issuer: filesIssuer({ ...files, key: join(folder, 'gone.key'), allowFile }),
      reason: /There is no .*gone\.key on the server/,
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

issuerContract('files', start);

test('files that are swapped on disk are what is read next', async () => {
  await using world = await start();
  const before = await world.issuer.issue(names, AbortSignal.timeout(60_000));
  await makeCertificateFiles(world.folder, names);
  const after = await world.issuer.issue(names, AbortSignal.timeout(60_000));
  assert.notEqual(after.chainPem, before.chainPem);
});

test('a manifest may name no file outside of the allowed folders, by no link either', async () => {
  await using world = await start();
  const inside = join(world.folder, 'inside');
  await mkdir(inside);
  await writeFile(join(inside, 'a.pem'), '');
  await writeFile(join(world.folder, 'inside-not.pem'), '');
  await symlink(join(world.folder, 'inside-not.pem'), join(inside, 'link.pem'));
  const allow = allowedFiles([inside]);
  await allow(join(inside, 'a.pem'));
  const outside = {
    code: 'bad-input',
    message: /is not below .*inside, so lotse\.yaml may not name it/,
    hint: /--tls-files/,
  };
  await assert.rejects(allow(join(world.folder, 'inside-not.pem')), outside);
  await assert.rejects(allow(join(inside, 'link.pem')), outside);
});
