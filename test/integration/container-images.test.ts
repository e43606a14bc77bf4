import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { ReleaseView } from '../../src/capabilities/releases/releases-api.ts';
import { findTestEngine } from '../harness/docker-engine.ts';
import { removeAllOf } from '../harness/docker-target-setup.ts';
import type { Shop } from '../harness/shop-app.ts';
import { temporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';
import { visit } from '../harness/visit.ts';

const found = await findTestEngine();
if (found.skip !== false) console.log(`skipped: ${found.skip}`);

const shop: Shop = {
  web: { run: undefined },
  environments: { staging: { strategy: { name: 'blue-green', watch: '1s' } } },
  more: { target: undefined },
};
/** Each text makes another image. */
const filesWith = (text: string) => ({
  Dockerfile: 'FROM node:24-slim\nWORKDIR /app\nCOPY . .\nCMD ["node", "web.mjs"]\n',
  'text.txt': text,
});

describe('images and containers that nobody needs any more', { skip: found.skip, timeout: 600_000 }, () => {
  test('go when a rollout has settled; what a rollback may need stays', async (t) => {
    assert.ok(found.skip === false);
    const { engine, address } = found;
    const lotse = await temporaryLotse(t);
    const ids: string[] = [];
    let state = '';
    lotse.beforeRemoval(() => (state = readFileSync(join(lotse.state, 'docker/target/id'), 'utf8').trim()));
    t.after(async () => await removeAllOf(engine, state));
    t.after(async () => {
      for (const id of ids) for (const tag of await tagsOf(id)) await engine.images.remove(tag);
    });
    await lotse.start({ flags: ['--docker', `unix://${address.path}`] });
    const { client } = lotse;

    const tagsOf = async (id: string): Promise<readonly string[]> =>
      await engine.images.inspect(id).then(
        (image) => (image.RepoTags ?? []).filter((tag) => tag.startsWith('lotse/shop:')),
        () => [],
      );
    const build = async (): Promise<ReleaseView> => {
      const release = await client.release(shop, { files: filesWith(`${lotse.folder} ${ids.length}`) });
      ids.push(release.artifact);
      return release;
    };
    const isThere = async ({ artifact }: ReleaseView): Promise<boolean> => (await tagsOf(artifact)).length > 0;

    const [first, inStaging, before] = [await build(), await build(), await build()];
    await client.deploy(first.id);
    await client.deploy(inStaging.id, 'staging');
    await client.deploy(before.id);
    const unused = [await build(), await build(), await build(), await build(), await build(), await build()];
    for (const release of [first, inStaging, before, ...unused]) assert.ok(await isThere(release), release.id);

    const last = await build();
    await client.deploy(last.id);
    // Of ten: what serves somewhere, what production goes back to, and the latest five.
    const gone = [first, ...unused.slice(0, 2)];
    for (const each of gone) await until(`${each.id} is gone`, async () => !(await isThere(each)));
    for (const each of [inStaging, before, ...unused.slice(2), last]) assert.ok(await isThere(each), each.id);
    const ours = await engine.containers.list({ label: ['lotse.app=shop', 'lotse.environment=production'] });
    const running = ours.filter((container) => ids.includes(container.ImageID));
    assert.deepEqual(new Set(running.map(({ ImageID }) => ImageID)), new Set([last.artifact]));

    const { id } = await client.rollBack();
    await client.ended(id);
    assert.equal((await visit(await lotse.port())).body, before.id);
    const refused = await client.refusal('POST /apps/shop/environments/production/rollouts', {
      ...{ release: first.id, rollback: true },
    });
    assert.match(refused.detail, /its artifact is gone/);
    assert.match(refused.hint ?? '', /Deploy its commit again/);
  });
});
