import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { findTestEngine } from '../harness/docker-engine.ts';
import { removeAllOf } from '../harness/docker-target-setup.ts';
import type { Shop } from '../harness/shop-app.ts';
import { temporaryLotse, type TemporaryLotse } from '../harness/temporary-lotse.ts';
import { visit } from '../harness/visit.ts';
import { underLoad } from '../harness/watched-load.ts';

const found = await findTestEngine();
if (found.skip !== false) console.log(`skipped: ${found.skip}`);

const dockerfile = 'FROM node:24-slim\nWORKDIR /app\nCOPY . .\nCMD ["node", "web.mjs"]\n';
/** Asks the web service of its own release, by the address that it was given. */
const asking = `import { createServer } from 'node:http';
createServer(async (request, response) => {
  if (request.url === '/ask/up') return response.end('up');
  response.end(await (await fetch(process.env.WEB_URL)).text());
}).listen(process.env.PORT);
`;
const files = { Dockerfile: dockerfile, 'ask.mjs': asking };
const shop: Shop = {
  web: { run: undefined },
  services: { ask: { run: 'node ask.mjs', port: 3001, path: '/ask', ready: '/ask/up', drain: '1s' } },
  verify: true,
  more: { target: undefined },
};

describe('an app with a Dockerfile', { skip: found.skip, timeout: 300_000 }, () => {
  async function start(t: { after(end: () => Promise<void>): void }): Promise<TemporaryLotse> {
    const lotse = await temporaryLotse(t);
    assert.ok(found.skip === false);
    const { engine } = found;
    let state = '';
    lotse.beforeRemoval(() => (state = readFileSync(join(lotse.state, 'docker/target/id'), 'utf8').trim()));
    t.after(async () => await removeAllOf(engine, state));
    await lotse.start({ flags: ['--docker', `unix://${found.address.path}`] });
    return lotse;
  }

  test('goes out as containers, is verified from inside, and no request is lost while it changes', async (t) => {
    const lotse = await start(t);
    const { client } = lotse;
    const [old, next] = [await client.release(shop, { files }), await client.release(shop, { files })];
    await client.deploy(old.id);
    const port = await lotse.port();
    assert.equal((await visit(port)).body, old.id);
    assert.equal((await visit(port, '/ask')).body, old.id);
    const { load } = await underLoad(port, () => client.deploy(next.id));
    assert.deepEqual(load.failures, {});
    assert.deepEqual(Object.keys(load.bodies).toSorted(), [old.id, next.id].toSorted());
    assert.equal((await visit(port, '/ask')).body, next.id);
    const verified = lotse.stored('verifications.log');
    assert.deepEqual(
      verified.map((line) => line.replace(/^r\d+-\w+/, '')),
      [' pinned', ' public', ' pinned', ' public'],
    );
  });
});
