import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { allowedFiles } from '../files/allowed-files.ts';
import { startPebble } from '../fixtures/running-pebble.ts';
import { lacks } from '../fixtures/running-program.ts';
import { acmeIssuer } from './acme-issuer.ts';
import { scriptProof } from './script-proof.ts';

const challenge = { name: 'shop.example', token: 't', answer: 'abc' };

async function withScript(text: string) {
  const folder = await mkdtemp(join(tmpdir(), 'lotse-script-'));
  const file = join(folder, 'dns-record');
  await writeFile(file, text);
  await chmod(file, 0o755);
  return {
    ...{ folder, file, allowFile: allowedFiles([folder]) },
    said: async () => await readFile(join(folder, 'said'), 'utf8'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

test('the program is called with what to do, the record and its value, and with nothing of our environment', async () => {
  await using script = await withScript('#!/bin/sh\n{ echo "$@"; env; } >> "$(dirname "$0")/said"\n');
  process.env['LOTSE_TEST_SECRET'] = 'hidden';
  const proof = scriptProof({ argv: [script.file, '--zone', 'a b'], allowFile: script.allowFile });
  await proof.present(challenge, new AbortController().signal);
  await proof.remove(challenge);
  delete process.env['LOTSE_TEST_SECRET'];
  const said = await script.said();
  assert.match(said, /^--zone a b present _acme-challenge\.shop\.example abc$/m);
  assert.match(said, /^--zone a b cleanup _acme-challenge\.shop\.example abc$/m);
  assert.ok(!said.includes('hidden'));
});

test('a failure is told with what the program wrote', async () => {
  await using script = await withScript('#!/bin/sh\necho "no such zone" >&2\nexit 3\n');
  const proof = scriptProof({ argv: [script.file], allowFile: script.allowFile });
  await assert.rejects(proof.present(challenge, new AbortController().signal), {
    name: 'CertificateRefused',
    message: /dns-record present _acme-challenge\.shop\.example failed: exit code 3\. no such zone/,
  });
});

test('at its deadline it ends with all that it started', { timeout: 180_000 }, async () => {
  await using script = await withScript('#!/bin/sh\nsleep 1000 &\necho $! > "$(dirname "$0")/said"\nwait\n');
  const proof = scriptProof({ argv: [script.file], allowFile: script.allowFile, deadlineMs: 1_000 });
  await assert.rejects(proof.present(challenge, new AbortController().signal), { message: /did not end within 1 s/ });
  const child = Number(await script.said());
  const stateOf = async () => await readFile(`/proc/${child}/stat`, 'utf8').catch(() => 'gone Z');
  assert.match(await stateOf(), /\bZ\b/);
});

test('a program outside of the allowed folders is not started', async () => {
  const proof = scriptProof({ argv: ['/bin/sh', '-c', 'echo hello'], allowFile: allowedFiles(['/etc/lotse']) });
  await assert.rejects(proof.present(challenge, new AbortController().signal), {
    message: /\/bin\/sh is not below \/etc\/lotse/,
  });
});

test(
  'a certificate comes by a program',
  { skip: lacks('pebble', 'pebble-challtestsrv', 'curl'), timeout: 180_000 },
  async () => {
    await using pebble = await startPebble();
    await using script = await withScript(`#!/bin/sh
case $1 in present) at=set-txt ;; *) at=clear-txt ;; esac
exec curl -sf -d "{\\"host\\": \\"$2.\\", \\"value\\": \\"$3\\"}" ${pebble.dnsManagement}/$at
`);
    const issuer = acmeIssuer({
      ...{ directory: pebble.directory, email: 'team@shop.example', extraRoots: [pebble.ownRoot] },
      accounts: { find: () => Promise.resolve(null), keep: () => Promise.resolve() },
      proof: scriptProof({ argv: [script.file], allowFile: script.allowFile }),
    });
    const { chainPem } = await issuer.issue(['shop.example', '*.shop.example'], AbortSignal.timeout(120_000));
    assert.match(chainPem, /BEGIN CERTIFICATE/);
  },
);
