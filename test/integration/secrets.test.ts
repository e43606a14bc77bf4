import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { knownSecret } from '../../src/capabilities/secrets/secrets-api.ts';
import { commandLinesWith, filesWith, writtenForms } from '../harness/find-leaks.ts';
import type { Shop } from '../harness/shop-app.ts';
import { temporaryLotse, type TemporaryLotse } from '../harness/temporary-lotse.ts';
import { visit } from '../harness/visit.ts';

/** Says how long its secret is, and writes what it was given where only it can see. */
const keeper = `import { createServer } from 'node:http';
import { appendFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
const value = process.env.SESSION_KEY ?? '';
const digest = createHash('sha256').update(value).digest('hex');
createServer((request, response) => response.end(request.url === '/up' ? 'up' : digest)).listen(process.env.PORT);
`;
const files = { 'keeper.mjs': keeper };
const shop: Shop = { web: { run: 'node keeper.mjs' }, more: { secrets: ['SESSION_KEY'] } };
const at = '/apps/shop/environments/production/secrets';

async function digestOf(text: string): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(text))).toString('hex');
}

async function set(lotse: TemporaryLotse, value: string): Promise<unknown> {
  return await lotse.client.ask(`PUT ${at}/SESSION_KEY`, { value });
}

describe('secrets', () => {
  test('reach what starts, in their present value, and nothing that is written or said', async (t) => {
    const lotse = await temporaryLotse(t);
    await lotse.start();
    const release = await lotse.client.release(shop, { files });
    const refusal = await lotse.client.refusedStart(release.id);
    assert.equal(refusal.code, 'not-proven');
    assert.match(refusal.detail, /wants SESSION_KEY, which has no value in production/);

    // What escaping changes is in it.
    const [first, second] = ['one', 'two'].map((word) => `${word} "${randomBytes(12).toString('hex')}" 100 %\n`);
    assert.ok(first !== undefined && second !== undefined);
    await set(lotse, first);
    await lotse.client.deploy(release.id);
    assert.equal((await visit(await lotse.port())).body, await digestOf(first));

    const said = [await set(lotse, second)];
    assert.equal((await visit(await lotse.port())).body, await digestOf(first), 'what runs keeps its value');
    const next = await lotse.client.release(shop, { files: { ...files, 'more.txt': 'more' } });
    await lotse.client.deploy(next.id);
    assert.equal((await visit(await lotse.port())).body, await digestOf(second));
    // A rollback goes back to the release, not to the value: that may have been revoked.
    await lotse.client.ended((await lotse.client.rollBack()).id);
    assert.equal((await visit(await lotse.port())).body, await digestOf(second));

    const listed = z.array(knownSecret).parse(await lotse.client.ask(`GET ${at}`));
    assert.deepEqual(
      listed.map(({ name, version }) => [name, version]),
      [['SESSION_KEY', '2']],
    );
    for (const path of ['journal?last=1000', 'releases', 'environments/production/logs']) {
      said.push(await lotse.client.ask(`GET /apps/shop/${path}`).catch(String));
    }
    const texts = [...writtenForms(first), ...writtenForms(second)];
    assert.deepEqual(
      texts.filter((text) => JSON.stringify(said).includes(JSON.stringify(text).slice(1, -1))),
      [],
    );
    assert.match(JSON.stringify(said), /secret-set/);
    assert.deepEqual(filesWith(lotse.state, texts), []);
    assert.deepEqual(commandLinesWith(texts), []);
    // And it would have been found.
    const planted = join(lotse.state, 'control', 'planted');
    writeFileSync(planted, `x${writtenForms(second)[1]}x`);
    assert.deepEqual(filesWith(lotse.state, texts), [planted]);
  });

  test('a vault without its key starts nothing, says why, and what serves goes on', async (t) => {
    const lotse = await temporaryLotse(t);
    await lotse.start();
    await set(lotse, 'a value');
    const [old, next] = [
      await lotse.client.release(shop, { files }),
      await lotse.client.release(shop, { files: { ...files, 'more.txt': 'more' } }),
    ];
    await lotse.client.deploy(old.id);
    const key = join(lotse.state, 'control', 'vault.key');
    renameSync(key, `${key}-away`);
    await lotse.restart();
    const gone = await lotse.client.refusedStart(next.id);
    assert.equal(gone.code, 'not-proven');
    assert.match(gone.detail, /the key of the vault is gone/);
    assert.equal((await lotse.client.refusal(`PUT ${at}/OTHER`, { value: 'x' })).code, 'sealed');
    assert.equal((await visit(await lotse.port())).body, await digestOf('a value'));

    writeFileSync(key, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 });
    await lotse.restart();
    assert.match((await lotse.client.refusedStart(next.id)).detail, /was sealed by the key [0-9a-f]{16}/);

    renameSync(`${key}-away`, key);
    await lotse.restart();
    await lotse.client.deploy(next.id);
    assert.equal((await visit(await lotse.port())).body, await digestOf('a value'));
  });

  test('bad names and values are refused, and only operators set them', async (t) => {
    const lotse = await temporaryLotse(t);
    await lotse.start();
    for (const name of ['PORT', 'LOTSE_X', '1X', 'a-b']) {
      assert.equal((await lotse.client.refusal(`PUT ${at}/${name}`, { value: 'x' })).code, 'bad-input', name);
    }
    assert.equal((await lotse.client.refusal(`PUT ${at}/OK`, { value: '' })).code, 'bad-input');
    assert.equal((await lotse.client.refusal(`DELETE ${at}/OK`)).code, 'not-found');
    const developer = await lotse.client.person('dora', ['developer']);
    assert.equal((await developer.refusal(`PUT ${at}/OK`, { value: 'x' })).code, 'forbidden');
    await set(lotse, 'x');
    await lotse.client.ask(`DELETE ${at}/SESSION_KEY`);
    assert.deepEqual(await lotse.client.ask(`GET ${at}`), []);
  });
});
