import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { journalEvent } from '../../src/capabilities/releases/releases-api.ts';
import { configView } from '../../src/capabilities/config/config-api.ts';
import { lotse, type Ran } from '../harness/running-lotse.ts';
import type { Shop } from '../harness/shop-app.ts';
import { temporaryLotse, type TemporaryLotse } from '../harness/temporary-lotse.ts';
import { visit } from '../harness/visit.ts';

/** Answers with what it was given. A level of `broken` keeps it from starting. */
const teller = `import { createServer } from 'node:http';
const { LEVEL, POOL = '-' } = process.env;
if (LEVEL === 'broken') process.exit(3);
createServer((request, response) => response.end(LEVEL + ' ' + POOL)).listen(process.env.PORT);
`;
const files = { 'teller.mjs': teller };
const shop: Shop = {
  web: { run: 'node teller.mjs', config: { POOL: { type: 'integer', required: false } } },
  config: { LEVEL: 'info', MAIL: { type: 'email', description: 'who writes' } },
  production: { config: { MAIL: 'a@shop.example' } },
  more: { secrets: [] },
};

interface World {
  readonly plane: TemporaryLotse;
  readonly run: (...words: readonly string[]) => Promise<Ran>;
  readonly body: () => Promise<string>;
}

async function world(t: TestContext): Promise<World> {
  const plane = await temporaryLotse(t);
  await plane.start();
  const run = async (...words: readonly string[]) =>
    await lotse([...words, '--app', 'shop', '--state', plane.state], { cwd: plane.folder });
  return { plane, run, body: async () => (await visit(await plane.port())).body };
}

describe('config', () => {
  test('a value that is set is rolled out like a release, and rolled back like one', async (t) => {
    const { plane, run, body } = await world(t);
    const release = await plane.client.release(shop, { files });
    await plane.client.deploy(release.id);
    assert.equal(await body(), 'info -');

    const set = await run('config', 'set', 'LEVEL=debug', 'production', '--reason', 'checkout is slow');
    assert.equal(set.exitCode, 0, set.said);
    assert.match(set.stdout, /LEVEL: – → debug/);
    assert.match(set.stdout, /production (?:live|verified)/);
    assert.equal(await body(), 'debug -');
    const [, revision] = [release.id, (await plane.client.environment()).revision];
    assert.equal((await plane.client.environment()).release, release.id, 'the same release serves');

    const list = await run('config', 'list', 'production');
    assert.match(list.stdout, /LEVEL +debug +set by Owner on \d{4}-\d\d-\d\d/);
    assert.match(list.stdout, /MAIL +a@shop\.example +lotse\.yaml:\d+ environments\.production\.config\.MAIL/);
    assert.doesNotMatch(list.stdout, /not what runs/);
    const history = await run('config', 'history', 'production');
    assert.match(history.stdout, /production@1 .*Owner  “checkout is slow”\n  LEVEL: – → debug/);

    // What was settled is settled: the way back is a rollout of its own, and takes the old config with it.
    await plane.client.ended((await plane.client.environment()).rollout?.id ?? '');
    const back = await run('rollback', 'production');
    assert.equal(back.exitCode, 0, back.said);
    assert.equal(await body(), 'info -');
    await plane.client.ended((await plane.client.environment()).rollout?.id ?? '');
    assert.deepEqual((await plane.client.releases())[0]?.quarantine, [], 'the release is not to blame for its config');
    const apart = await run('config', 'list', 'production');
    assert.match(apart.stdout, /LEVEL +debug +set by Owner on \S+ +info/);
    assert.match(apart.stdout, /not what runs/);

    const plan = await run('plan', 'production', '--release', release.id);
    assert.match(plan.stdout, /config +LEVEL +info → debug +set by Owner on/);
    const unset = await run('config', 'unset', 'LEVEL', 'production');
    assert.match(unset.stdout, /serves with these values already/);
    const diff = await run('config', 'diff', revision ?? '', 'production');
    assert.match(diff.stdout, /LEVEL +debug +info/);
    const to = await run('rollback', 'production', '--to', revision ?? '');
    assert.equal(to.exitCode, 0, to.said);
    assert.equal(await body(), 'debug -', 'a revision is gone back to with its config');
    const events = z.array(journalEvent).parse(await plane.client.ask('GET /apps/shop/journal?last=1000'));
    const changed = events.filter(({ type }) => type === 'config-changed');
    assert.equal(changed.length, 2);
    assert.ok(changed.every(({ actor }) => !['', 'lotse'].includes(actor)));
  });

  test('a value that keeps a release from starting leaves the old one serving, and blames no release', async (t) => {
    const { plane, run, body } = await world(t);
    const release = await plane.client.release(shop, { files });
    await plane.client.deploy(release.id);
    const broken = await run('config', 'set', 'LEVEL=broken', 'production');
    assert.equal(broken.exitCode, 12, broken.said);
    assert.equal(await body(), 'info -');
    assert.deepEqual((await plane.client.releases())[0]?.quarantine, []);
    const list = await run('config', 'list', 'production');
    assert.match(list.stdout, /LEVEL +broken .* info/);
    const repaired = await run('config', 'set', 'LEVEL=warn', 'production');
    assert.equal(repaired.exitCode, 0, repaired.said);
    assert.equal(await body(), 'warn -');
  });

  test('what misses or mistypes a value is refused by name, before anything is touched', async (t) => {
    const { plane, run, body } = await world(t);
    const { production: _gives, ...without } = shop;
    const lacking = await plane.client.release(without, { files });
    const refused = await plane.client.refusedStart(lacking.id);
    assert.equal(refused.code, 'bad-input');
    assert.match(refused.detail, /production gives no value for MAIL/);
    assert.match(JSON.stringify(refused), /lotse\.yaml:\d+ config\.MAIL declares MAIL \(email\)/);

    const set = (...words: readonly string[]) => run('config', 'set', ...words, 'production');
    assert.match((await set('MAIL=nobody')).said, /MAIL="nobody" of production is not a mail address/);
    assert.match((await set('LEVL=x')).said, /no release declares LEVL[^]*Did you mean LEVEL\?/);
    assert.match((await set('POOL=1.5', '--service', 'web')).said, /is not a whole number/);
    assert.match((await set('LEVEL=postgres://a:b@c/d')).said, /looks like a secret/);
    assert.match((await run('config', 'unset', 'LEVEL', 'production')).said, /LEVEL is not set/);
    assert.equal((await set('MAIL=b@shop.example', '--no-deploy')).exitCode, 0);
    await plane.client.deploy(lacking.id);
    assert.equal(await body(), 'info -');

    // A later release may declare it in another way.
    const config = { LEVEL: 'info', MAIL: { type: 'integer', default: 1 } };
    const other = await plane.client.release({ ...without, config }, { files });
    assert.match(
      (await plane.client.refusedStart(other.id)).detail,
      /MAIL="b@shop.example" of production is not a whole number/,
    );
  });

  test('settings of one service, and files of the form .env, in both directions', async (t) => {
    const { plane, run, body } = await world(t);
    await plane.client.deploy((await plane.client.release(shop, { files })).id);
    const own = await run('config', 'set', 'POOL=7', 'production', '--service', 'web', '--no-deploy');
    assert.equal(own.exitCode, 0, own.said);
    assert.equal(await body(), 'info -', 'nothing was rolled out');
    const applied = await run('config', 'apply', 'production', '--json');
    assert.equal(z.object({ exitCode: z.number() }).parse(JSON.parse(applied.stdout)).exitCode, 0);
    assert.equal(await body(), 'info 7');

    const program = fileURLToPath(new URL('../../bin/lotse.mjs', import.meta.url));
    const words = ['config', 'import', 'production', '--no-deploy', '--app', 'shop', '--state', plane.state];
    const input = 'LEVEL="a # b"\nAPI_TOKEN=abcdefgh\n';
    const imported = spawnSync(process.execPath, [program, ...words], { cwd: plane.folder, input, encoding: 'utf8' });
    assert.equal(imported.status, 0, imported.stderr);
    assert.match(imported.stderr, /API_TOKEN looks like a secret and was left out/);
    const exported = await run('config', 'export', 'production', '--service', 'web');
    assert.equal(exported.stdout, "LEVEL='a # b'\nMAIL=a@shop.example\nPOOL=7\n");
    const view = configView.parse(await plane.client.ask('GET /apps/shop/environments/production/config'));
    assert.ok(view.differs);
    // The next deploy of the same release brings it.
    const again = await plane.client.start(view.release ?? '');
    await plane.client.untilRollout(again.id, 'live', ({ live }) => live);
    assert.equal(await body(), 'a # b 7');
    const outsider = await plane.client.person('vera', ['viewer']);
    const refusal = await outsider.refusal('PATCH /apps/shop/environments/production/config', { set: [] });
    assert.equal(refusal.code, 'forbidden');
  });

  test('what people have signed does not count for what was set later', async (t) => {
    const { plane, run } = await world(t);
    const gated = { ...shop, production: { ...shop.production, gates: { approval: 1 } } };
    const release = await plane.client.release(gated, { files });
    const ada = await plane.client.person('ada', ['approver', 'developer']);
    const approve = async () =>
      await ada.ask('POST /apps/shop/environments/production/approvals', { release: release.id });
    const first = await plane.client.start(release.id);
    await approve();
    await plane.client.ended(first.id);
    const set = await run('config', 'set', 'LEVEL=debug', 'production');
    assert.equal(set.exitCode, 7, set.said);
    assert.match(set.said, /approval/);
    const waiting = (await plane.client.environment()).rollout;
    await approve();
    assert.equal((await plane.client.ended(waiting?.id ?? '')).status, 'settled');
  });
});
