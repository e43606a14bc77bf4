import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { shortHash } from '../../src/ports/targets/slots/folders.ts';
import { findTestEngine } from '../harness/docker-engine.ts';
import { removeAllOf } from '../harness/docker-target-setup.ts';
import type { Shop } from '../harness/shop-app.ts';
import { temporaryLotse, type TemporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';
import { visit } from '../harness/visit.ts';

const found = await findTestEngine();
if (found.skip !== false) console.log(`skipped: ${found.skip}`);

/** Says what it sees of its secret; ends when it is told to. */
const keeper = `import { createServer } from 'node:http';
import { accessSync, constants, readFileSync, statSync, statfsSync } from 'node:fs';
const file = process.env.SESSION_KEY_FILE ?? '';
function look() {
  const { mode, uid } = statSync(file);
  let canWrite = true;
  try { accessSync(file, constants.W_OK); } catch { canWrite = false; }
  const isMemory = statfsSync(file).type === 0x01021994;
  return { file, value: readFileSync(file, 'utf8'), mode: mode & 0o777, isMemory, canWrite: canWrite && process.getuid() !== 0,
    variable: process.env.SESSION_KEY ?? null, pid: process.pid };
}
createServer((request, response) => {
  if (request.url === '/up') return response.end('up');
  if (request.url === '/end') process.exit(1);
  response.end(file === '' ? '{}' : JSON.stringify(look()));
}).listen(process.env.PORT);
`;
const files = { 'keeper.mjs': keeper };
const seen = z.object({
  ...{ file: z.string(), value: z.string(), mode: z.number(), pid: z.number() },
  ...{ isMemory: z.boolean(), canWrite: z.boolean(), variable: z.string().nullable() },
});
const shop: Shop = { web: { run: 'node keeper.mjs', secrets_as: 'files' }, more: { secrets: ['SESSION_KEY'] } };
const at = '/apps/shop/environments/production';

async function look(lotse: TemporaryLotse) {
  return seen.parse(JSON.parse((await visit(await lotse.port())).body));
}

/** What a killed target leaves in memory. */
function clearMemory(lotse: TemporaryLotse, target: string): void {
  const name = `lotse-${shortHash(join(lotse.state, target)).slice(0, 12)}`;
  for (const memory of ['/run', '/dev/shm']) rmSync(join(memory, name), { recursive: true, force: true });
}

/** The value is in memory alone, in the way in which the service was promised it; also after it has crashed. */
async function checkDelivery(lotse: TemporaryLotse, value: string) {
  const first = await look(lotse);
  assert.deepEqual(
    { ...first, file: '', pid: 0 },
    { file: '', pid: 0, value, mode: 0o440, isMemory: true, canWrite: false, variable: null },
  );
  await visit(await lotse.port(), '/end').catch(() => undefined);
  const second = await until('it runs again', async () => {
    const again = await look(lotse).catch(() => null);
    return again;
  });
  assert.equal(second.value, value);
  return first;
}

describe('secrets as files', () => {
  test('are in memory for the processes of their service, and gone with it', async (t) => {
    const lotse = await temporaryLotse(t);
    lotse.beforeRemoval(() => clearMemory(lotse, 'target'));
    await lotse.start();
    const value = `"${randomBytes(12).toString('hex')}"\nsecond line\n`;
    await lotse.client.ask(`PUT ${at}/secrets/SESSION_KEY`, { value });
    const release = await lotse.client.release(shop, { files });
    const planned = JSON.stringify(await lotse.client.plan(release.id));
    assert.match(planned, /root and the instances themselves can read it \(web: as files in memory/);
    await lotse.client.deploy(release.id);
    const { file, pid } = await checkDelivery(lotse, value);
    assert.equal(statfsSync(dirname(file)).type, 0x01021994);
    if (process.getuid?.() === 0) assert.notEqual(statSync(file).uid, 0, 'each environment has a user of its own');
    assert.equal(statSync(dirname(file)).mode & 0o777, 0o550);
    assert.ok(!existsSync(`/proc/${pid}/environ`) || !readFileSync(`/proc/${pid}/environ`, 'utf8').includes(value));

    const next = await lotse.client.release({ ...shop, web: { run: 'node keeper.mjs' } }, { files });
    await lotse.client.deploy(next.id);
    await until('the files of the old release are gone', async () => !existsSync(file));
    assert.deepEqual(readdirSync(dirname(dirname(file))), []);
  });

  test('are bound into containers', { skip: found.skip, timeout: 240_000 }, async (t) => {
    const lotse = await temporaryLotse(t);
    assert.ok(found.skip === false);
    const { engine, address } = found;
    let state = '';
    lotse.beforeRemoval(() => (state = readFileSync(join(lotse.state, 'docker/target/id'), 'utf8').trim()));
    t.after(async () => {
      await removeAllOf(engine, state);
      clearMemory(lotse, 'docker/target');
    });
    await lotse.start({ flags: ['--docker', `unix://${address.path}`] });
    const value = randomBytes(12).toString('hex');
    await lotse.client.ask(`PUT ${at}/secrets/SESSION_KEY`, { value });
    const dockerfile = 'FROM node:24-slim\nWORKDIR /app\nCOPY . .\nCMD ["node", "keeper.mjs"]\n';
    const inContainer: Shop = { ...shop, web: { run: undefined, secrets_as: 'files' } };
    const release = await lotse.client.release(
      { ...inContainer, more: { ...shop.more, target: undefined } },
      { files: { ...files, Dockerfile: dockerfile } },
    );
    await lotse.client.deploy(release.id);
    const { file } = await checkDelivery(lotse, value);
    assert.equal(file, '/run/secrets/SESSION_KEY');
    const containers = await engine.containers.list({ label: [] });
    for (const { Id } of containers) {
      const details = await engine.containers.inspect(Id).catch(() => null);
      assert.ok(!JSON.stringify(details).includes(value));
    }
  });
});
