import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ReleaseView } from '../../src/capabilities/releases/releases-api.ts';
import type { Refusal } from '../harness/lotse-client.ts';
import { sharedLotse } from '../harness/shared-lotse.ts';
import { shopManifest, shopTar } from '../harness/shop-app.ts';
import { visit } from '../harness/visit.ts';

const commit = '0123456789abcdef0123456789abcdef01234567';

describe('a source that cannot become a release', () => {
  let old: ReleaseView;
  const lotse = sharedLotse(async (fresh) => {
    old = await fresh.client.release({});
    await fresh.client.deploy(old.id);
  });

  async function refusalOf(source: Buffer): Promise<Refusal> {
    const refusal = await lotse().client.refusal(`POST /apps/shop/releases?commit=${commit}`, source);
    await assertNothingLost();
    return refusal;
  }

  async function assertNothingLost(): Promise<void> {
    assert.deepEqual(
      (await lotse().client.releases()).map(({ id }) => id),
      [old.id],
    );
    assert.equal((await visit(await lotse().port())).body, old.id);
  }

  test('broken YAML is refused with its line', async () => {
    const text = 'app: shop\nservices:\n  web: { port: 3000\nenvironments: { production: {} }\n';
    const refusal = await refusalOf(await shopTar(text));
    assert.equal(refusal.status, 422);
    assert.equal(refusal.code, 'manifest-invalid');
    assert.match([refusal.detail, ...(refusal.details ?? [])].join('\n'), /lotse\.yaml:\d+:\d+/);
  });

  test('an unknown key is refused with its place and the nearest one that there is', async () => {
    const text =
      'app: shop\ntarget: process\nservices:\n  web: { prot: 3000, run: node web.mjs }\nenvironments: { production: {} }\n';
    const refusal = await refusalOf(await shopTar(text));
    assert.equal(refusal.code, 'manifest-invalid');
    const said = [refusal.detail, ...(refusal.details ?? [])].join('\n');
    assert.match(said, /lotse\.yaml:4:10/);
    assert.match(said, /no key "prot" here; did you mean "port"/);
  });

  test('a key whose part is not built yet is refused by name', async () => {
    const refusal = await refusalOf(
      await shopTar(shopManifest({ more: { stores: { data: { folder: 'data', rules: 'data.rules' } } } })),
    );
    const said = [refusal.detail, ...(refusal.details ?? [])].join('\n');
    assert.match(said, /`stores\.data\.rules` is part of the manifest but not built yet/);
  });

  test('a source without lotse.yaml is refused, and told how to get one', async () => {
    const refusal = await refusalOf(await shopTar(null));
    assert.equal(refusal.code, 'bad-input');
    assert.match(refusal.detail, /no lotse\.yaml at its root/);
    assert.match(refusal.hint ?? '', /lotse init/);
  });

  test('what is not a tar is refused', async () => {
    const refusal = await refusalOf(Buffer.from('PK\u0003\u0004 this is another kind of archive'));
    assert.equal(refusal.code, 'bad-input');
    assert.match(refusal.detail, /not a tar file/);
  });

  test('nothing at all is refused', async () => {
    const refusal = await refusalOf(Buffer.alloc(0));
    assert.equal(refusal.code, 'bad-input');
  });

  test('a checklist that is not in the source is refused', async () => {
    const shop = { production: { gates: { checklist: 'go-live.md' } } };
    const refusal = await refusalOf(await shopTar(shopManifest(shop)));
    assert.match(refusal.detail, /environments\.production\.gates\.checklist: go-live\.md is not in the source/);
  });

  test('the source of another app is refused', async () => {
    const refusal = await refusalOf(await shopTar(shopManifest({ more: { app: 'cafe' } })));
    assert.match(refusal.detail, /describes cafe, not shop/);
  });

  test('a config value that nobody gives is refused before anything starts', async () => {
    const release = await lotse().client.release({ config: { MAIL_FROM: { type: 'email' } } });
    const refusal = await lotse().client.refusedStart(release.id);
    assert.equal(refusal.code, 'bad-input');
    assert.match(refusal.detail, /production gives no value for MAIL_FROM/);
    assert.match(refusal.hint ?? '', /environments\.production\.config/);
    assert.equal((await visit(await lotse().port())).body, old.id);
  });

  test('a build that fails says why, with its last lines', async () => {
    const scripts = {
      build: `node -e "console.log('compiling'); console.error('main.css: no such colour'); process.exit(4)"`,
    };
    const files = { 'package.json': JSON.stringify({ name: 'shop', scripts }) };
    const before = (await lotse().client.releases()).length;
    const build = await lotse().client.build(await shopTar(shopManifest(), files));
    assert.equal(build.state, 'failed');
    assert.equal(build.error?.code, 'build-failed');
    assert.match(build.error.message, /npm run build ended with exit status 4/);
    assert.ok(build.error.details.some((line) => line.includes('main.css: no such colour')));
    assert.equal((await lotse().client.releases()).length, before);
    assert.equal((await visit(await lotse().port())).body, old.id);
  });

  test('the build command of the file is what runs', async () => {
    const manifest = shopManifest({ more: { build: { run: ['node', '-e', `throw Error('no such colour')`] } } });
    const build = await lotse().client.build(await shopTar(manifest));
    assert.equal(build.error?.code, 'build-failed');
    assert.ok(build.error.details.some((line) => line.includes('Error: no such colour')));
  });

  test('a release or environment that nobody knows is refused, with those that there are', async () => {
    const release = await lotse().client.refusedStart('r99-abcdef0');
    assert.deepEqual([release.status, release.code], [404, 'not-found']);
    const environment = await lotse().client.refusal('GET /apps/shop/environments/produktion');
    assert.equal(environment.code, 'not-found');
    assert.match(environment.hint ?? '', /production/);
    const undeclared = await lotse().client.refusedStart(old.id, 'produktion');
    assert.equal(undeclared.code, 'not-found');
    assert.match(`${undeclared.detail} ${undeclared.hint}`, /production/);
  });
});
