import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePorts } from '../../../proxy/fixtures/running-proxy.ts';
import { startKnot, type RunningKnot } from '../fixtures/running-knot.ts';
import { startPebble } from '../fixtures/running-pebble.ts';
import { lacks } from '../fixtures/running-program.ts';
import { allowedFiles } from '../files/allowed-files.ts';
import { acmeIssuer } from './acme-issuer.ts';
import { dnsResolver, nameLookup } from './name-lookup.ts';
import { updateProof, type UpdateProofOptions } from './update-proof.ts';

const skip = lacks('knotd');
const challenge = { name: 'shop.example', token: 't', answer: 'gfj9Xq-Rg85nM' };
const record = '_acme-challenge.shop.example';

function proofOf(knot: RunningKnot, more: Partial<UpdateProofOptions> = {}) {
  return updateProof({
    ...{ kind: 'rfc2136', server: knot.server, zone: 'shop.example', keyFile: knot.keyFile, ttlS: 60 },
    lookup: nameLookup(knot.server),
    allowFile: allowedFiles([knot.folder]),
    spreadMs: 1_000,
    ...more,
  });
}

async function valuesIn(knot: RunningKnot): Promise<readonly string[]> {
  const found = await dnsResolver(knot.server)
    .resolveTxt(record)
    .catch(() => []);
  return found.map((parts) => parts.join('')).toSorted();
}

test('a real DNS server takes signed updates: two values side by side, each taken away alone', { skip }, async () => {
  await using knot = await startKnot();
  const proof = proofOf(knot);
  const { signal } = new AbortController();
  const second = { ...challenge, answer: 'second' };
  await proof.present(challenge, signal);
  await proof.present(second, signal);
  await proof.present(second, signal); // again is fine
  assert.deepEqual(await valuesIn(knot), ['gfj9Xq-Rg85nM', 'second']);
  await proof.remove(challenge);
  assert.deepEqual(await valuesIn(knot), ['second']);
  await proof.remove(second);
  await proof.remove(second);
  assert.deepEqual(await valuesIn(knot), []);
});

test('what a DNS server refuses is said with its reason', { skip }, async () => {
  await using knot = await startKnot();
  const [nobody = 0] = await freePorts(1);
  const { signal } = new AbortController();
  const problemWith = async (more: Partial<UpdateProofOptions>): Promise<string> => {
    const error: unknown = await proofOf(knot, more)
      .present(challenge, signal)
      .catch((thrown: unknown) => thrown);
    return error instanceof Error ? error.message : 'it was not refused';
  };
  assert.match(
    await problemWith({ keyFile: knot.idleKeyFile }),
    /did not add .* in shop\.example: .*(?:NOTAUTH|REFUSED)/,
  );
  assert.match(await problemWith({ zone: 'other.example' }), /in other\.example: .*(?:NOTAUTH|REFUSED)/);
  assert.match(await problemWith({ server: `127.0.0.1:${nobody}` }), /ECONNREFUSED/);
  assert.match(await problemWith({ server: 'ns.nowhere.invalid' }), /ns\.nowhere\.invalid leads nowhere/);
  assert.match(await problemWith({ keyFile: '/etc/passwd' }), /\/etc\/passwd is not below/);
});

test(
  'a wildcard certificate comes by signed updates',
  { skip: skip || lacks('pebble', 'pebble-challtestsrv'), timeout: 180_000 },
  async () => {
    await using knot = await startKnot();
    await using pebble = await startPebble({ dnsServer: knot.server });
    const issuer = acmeIssuer({
      ...{ directory: pebble.directory, email: 'team@shop.example', extraRoots: [pebble.ownRoot] },
      accounts: { find: () => Promise.resolve(null), keep: () => Promise.resolve() },
      proof: proofOf(knot),
    });
    const { chainPem } = await issuer.issue(['shop.example', '*.shop.example'], AbortSignal.timeout(120_000));
    assert.match(chainPem, /BEGIN CERTIFICATE/);
    assert.deepEqual(await valuesIn(knot), []);
  },
);
