import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { knownSecret } from '../../src/capabilities/secrets/secrets-api.ts';
import { FakeHashicorp } from '../../src/ports/secrets/fixtures/fake-hashicorp.ts';
import { storeServer } from '../../src/ports/secrets/fixtures/store-server.ts';
import type { Shop } from '../harness/shop-app.ts';
import { temporaryLotse, type TemporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';
import { visit } from '../harness/visit.ts';

/** Answers with the digest of the secret that it was started with. */
const keeper = `import { createServer } from 'node:http';
import { createHash } from 'node:crypto';
const digest = createHash('sha256').update(process.env.SESSION_KEY ?? '').digest('hex');
createServer((request, response) => response.end(request.url === '/up' ? 'up' : digest)).listen(process.env.PORT);
`;
const shop: Shop = { web: { run: 'node keeper.mjs' }, more: { secrets: ['SESSION_KEY'] } };
const at = '/apps/shop/environments/production/secrets';

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

async function releaseOf(lotse: TemporaryLotse, word: string, watch = '1s'): Promise<string> {
  return (await lotse.client.release({ ...shop, watch }, { files: { 'keeper.mjs': keeper, 'word.txt': word } })).id;
}

async function served(lotse: TemporaryLotse): Promise<string> {
  return (await visit(await lotse.port())).body;
}

async function listed(lotse: TemporaryLotse) {
  return z.array(knownSecret).parse(await lotse.client.ask(`GET ${at}`));
}

async function journal(lotse: TemporaryLotse): Promise<readonly string[]> {
  const events = z.array(z.object({ type: z.string() }));
  const answer = z
    .union([events, z.object({ events })])
    .parse(await lotse.client.ask('GET /apps/shop/journal?last=1000'));
  return (Array.isArray(answer) ? answer : answer.events)
    .map(({ type }) => type)
    .filter((type) => type.startsWith('secret'));
}

describe('the rotation of a secret', () => {
  test('old and new are valid until the rollout that brings the new one has settled; then the old one is gone', async (t) => {
    const lotse = await temporaryLotse(t);
    await lotse.start();
    await lotse.client.ask(`PUT ${at}/SESSION_KEY`, { value: 'old value' });
    await lotse.client.deploy(await releaseOf(lotse, 'one'));
    await lotse.client.ask(`POST ${at}/SESSION_KEY/rotation`, { value: 'new value' });
    assert.equal((await lotse.client.refusal(`POST ${at}/SESSION_KEY/rotation`, { value: 'x' })).code, 'conflict');
    assert.deepEqual(
      (await listed(lotse)).map(({ version, oldVersion }) => [version, oldVersion]),
      [['2', '1']],
    );
    assert.equal(await served(lotse), digestOf('old value'));

    // A return before it has settled goes back to the value that the release ran with.
    const second = await lotse.client.start(await releaseOf(lotse, 'two', '5m'));
    await lotse.client.untilRollout(second.id, 'is live', ({ status }) => status === 'watching');
    assert.equal(await served(lotse), digestOf('new value'));
    await lotse.client.ended((await lotse.client.rollBack()).id);
    assert.equal(await served(lotse), digestOf('old value'));
    assert.equal((await listed(lotse))[0]?.oldVersion, '1');

    await lotse.client.deploy(await releaseOf(lotse, 'three'));
    assert.equal(await served(lotse), digestOf('new value'));
    await until('the old value is revoked', async () => (await listed(lotse))[0]?.oldVersion === null);
    // A later rollback uses the value in force.
    await lotse.client.ended((await lotse.client.rollBack()).id);
    assert.equal(await served(lotse), digestOf('new value'));
    assert.deepEqual(await journal(lotse), [
      ...['secret-set', 'secrets-used', 'secret-rotation-begun', 'secret-set', 'secret-rotated', 'secrets-used'],
      ...['secrets-used', 'secret-revoked', 'secrets-used'],
    ]);
  });

  test('a control plane that is killed in the middle of it leaves the old or the new value, never neither', async (t) => {
    const lotse = await temporaryLotse(t);
    await lotse.start();
    await lotse.client.ask(`PUT ${at}/SESSION_KEY`, { value: 'value 0' });
    const release = await releaseOf(lotse, 'one');
    await lotse.client.deploy(release);
    const points = ['secret-rotation-begun', 'secret-set', 'secret-rotated'];
    for (const [index, point] of points.entries()) {
      const before = (await listed(lotse))[0];
      await lotse.restart({ variables: { LOTSE_CRASH_AT: `1 committed ${point}` } });
      await assert.rejects(lotse.client.ask(`POST ${at}/SESSION_KEY/rotation`, { value: `value ${index + 1}` }));
      await lotse.plane.ended;
      await lotse.start();
      const [after] = await listed(lotse);
      const isWritten = point !== 'secret-rotation-begun';
      assert.equal(after?.oldVersion, isWritten ? before?.version : null, point);
      assert.equal(after?.version, String(Number(before?.version) + (isWritten ? 1 : 0)), point);
      // What runs may start again, and the next release starts with the value in force.
      await lotse.client.deploy(await releaseOf(lotse, point));
      assert.equal(await served(lotse), digestOf(`value ${isWritten ? index + 1 : 0}`), point);
      await until('no old value is left', async () => (await listed(lotse))[0]?.oldVersion === null);
    }
  });

  test('a value that ends soon is spoken of before it does', async (t) => {
    const lotse = await temporaryLotse(t);
    await lotse.start();
    const day = 86_400_000;
    const expiresAt = Date.now() + 3 * day;
    await lotse.client.ask(`PUT ${at}/SESSION_KEY`, { value: 'value', expiresAt });
    assert.equal((await listed(lotse))[0]?.expiresAt, expiresAt);
    const release = await releaseOf(lotse, 'one');
    const words = JSON.stringify(await lotse.client.plan(release));
    assert.match(
      words,
      new RegExp(`SESSION_KEY ends on ${new Date(expiresAt).toISOString().slice(0, 10)}: rotate it before`),
    );
    await lotse.client.ask(`POST ${at}/SESSION_KEY/rotation`, { value: 'next', expiresAt: Date.now() + 90 * day });
    assert.doesNotMatch(JSON.stringify(await lotse.client.plan(release)), /SESSION_KEY ends/);
  });
});

describe('secrets in a store elsewhere', () => {
  test('are read, rotated and revoked there; while it is away what runs goes on and the proof says what is wrong', async (t) => {
    const fake = new FakeHashicorp();
    await using server = await storeServer((asked) => fake.answer(asked), 'https');
    const lotse = await temporaryLotse(t);
    const roots = join(lotse.folder, 'roots.pem');
    writeFileSync(roots, server.roots.join('\n'));
    const secretFile = join(lotse.folder, 'secret-id');
    writeFileSync(secretFile, `${fake.role.secret}\n`, { mode: 0o600 });
    lotse.flags = ['--secrets', `vault:${server.origin}/secret/lotse`, '--tls-roots', roots];
    const variables = { VAULT_ROLE_ID: fake.role.id, VAULT_SECRET_ID_FILE: secretFile };
    await lotse.start({ variables });
    await lotse.client.ask(`PUT ${at}/SESSION_KEY`, { value: 'old value' });
    await lotse.client.deploy(await releaseOf(lotse, 'one'));
    assert.equal(await served(lotse), digestOf('old value'));
    await lotse.client.ask(`POST ${at}/SESSION_KEY/rotation`, { value: 'new value' });
    await lotse.client.deploy(await releaseOf(lotse, 'two'));
    assert.equal(await served(lotse), digestOf('new value'));
    await until('the old version is deleted there', async () => (await listed(lotse))[0]?.oldVersion === null);

    fake.isSealed = true;
    const third = await releaseOf(lotse, 'three');
    const refusal = await lotse.client.refusedStart(third);
    assert.equal(refusal.code, 'not-proven');
    assert.match(refusal.detail, /HashiCorp Vault at localhost:\d+ is sealed: Vault is sealed/);
    assert.equal((await lotse.client.refusal(`PUT ${at}/SESSION_KEY`, { value: 'x' })).code, 'sealed');
    assert.equal(await served(lotse), digestOf('new value'));
    // A job of what serves starts with the last good value.
    fake.isSealed = false;
    await lotse.client.deploy(third);
    assert.equal(await served(lotse), digestOf('new value'));
  });

  test('a store without what lets Lotse in is refused at the start', async (t) => {
    const lotse = await temporaryLotse(t);
    const started = await lotse.tryStart({ flags: ['--secrets', 'vault:https://vault.example:8200'] });
    assert.ok(started.kind === 'problem');
    assert.equal(started.code, 'bad-input');
    assert.match(started.message, /wants VAULT_TOKEN in the environment of the control plane/);
  });
});
