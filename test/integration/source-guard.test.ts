import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { shopManifest, shopTar } from '../harness/shop-app.ts';
import { temporaryLotse, type TemporaryLotse } from '../harness/temporary-lotse.ts';

const upload = 'POST /apps/shop/releases?commit=';
const commits = ['a', 'b', 'c'].map((letter) => letter.repeat(40));

function recorded(lotse: TemporaryLotse): readonly unknown[] {
  let rows: readonly unknown[] = [];
  lotse.changeDatabase((database) => {
    const found = database.prepare(
      `select reason, accepted_by_kind as by, (select count(*) from journal where type = 'finding-accepted') as events
       from reviewed_findings`,
    );
    rows = found.all().map((row) => ({ ...row }));
  });
  return rows;
}

test('a source with a secret in it is refused with file and line; what is marked passes, and is in the journal', async (t) => {
  const lotse = await temporaryLotse(t);
  await lotse.start();
  const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const files = { 'key.txt': `# a key\n${key}` };
  const refusal = await lotse.client.refusal(`${upload}${commits[0]}`, await shopTar(shopManifest(), files));
  assert.equal(refusal.code, 'bad-input');
  assert.match(refusal.detail, /key\.txt:2 looks like a secret/);
  const said = JSON.stringify(refusal);
  assert.ok(!said.includes(key.split('\n')[1] ?? ''), 'the value is not shown');
  assert.deepEqual(readdirSync(join(lotse.state, 'sources')), [], 'and what came is not kept');

  const [, mark = ''] = /`([0-9a-f]{16} {2}key\.txt {2}# )why it is none`/.exec(refusal.hint ?? '') ?? [];
  const marked = { ...files, 'lotse.reviewed': `${mark}made for a test\n` };
  const { release } = await lotse.client.build(await shopTar(shopManifest(), marked));
  assert.notEqual(release, null);
  await lotse.client.build(await shopTar(shopManifest(), { ...marked, 'more.txt': 'more' }));
  assert.deepEqual(recorded(lotse), [{ reason: 'made for a test', by: 'person', events: 1 }]);

  const another = { ...marked, 'key.txt': files['key.txt'].replace('MC4C', 'MC4D') };
  const again = await lotse.client.refusal(`${upload}${commits[1]}`, await shopTar(shopManifest(), another));
  assert.match(again.detail, /key\.txt:2/, 'another key under the same name is another one');
  const careless = { ...files, 'lotse.reviewed': mark.replace(/ *# $/, '') };
  const wrong = await lotse.client.refusal(`${upload}${commits[2]}`, await shopTar(shopManifest(), careless));
  assert.match(wrong.detail, /lotse\.reviewed:1/);

  const remark = z
    .object({ id: z.string() })
    .parse(
      await lotse.client.ask(
        `${upload}${commits[2]}`,
        await shopTar(shopManifest(), { 'lotse.reviewed': `${mark}old\n` }),
      ),
    );
  assert.ok(remark.id);
});
