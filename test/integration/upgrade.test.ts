import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { plantAtStart, plantEventForm, plantMigration, plantVersion } from '../harness/planted-version.ts';
import { UpgradedLotse } from '../harness/upgraded-lotse.ts';
import { underLoad } from '../harness/watched-load.ts';

const repository = join(import.meta.dirname, '..', '..');
const nextMigration = plantMigration('0099-next', [
  'create table next_things (id text primary key not null) strict',
  'alter table people add column nickname text',
]);

describe('another version of Lotse under load', { timeout: 1_500_000 }, () => {
  test('takes over and gives back without one failed request, and what happened meanwhile stays', async (t) => {
    const lotse = await UpgradedLotse.start(t);
    const { client, whole } = lotse;
    const next = await plantVersion(whole.folder, '0.2.0', [...nextMigration, ...plantEventForm('0099-next')]);
    const first = await client.release({ web: { instances: 2 } });
    await client.deploy(first.id);
    const port = await portOf(lotse);
    const before = await lotse.pids();

    const { load } = await underLoad(port, async () => {
      const said = await lotse.upgraded('--to', next);
      assert.match(
        said.stdout,
        /done to a copy of the state: 1 migration: 0099-next; 0\.1\.0 and 0\.2\.0 read all \d+ events/,
      );
      assert.match(said.stdout, /1 environment, 2 instances ready/);
      assert.equal(lotse.runs, next);
      assert.deepEqual(await lotse.pids(), before, 'instances are the same processes');
      assert.deepEqual(await upgradeState(lotse), { version: '0.2.0', before: '0.1.0', unsettled: ['0099-next'] });
      // The newer one writes it as the one before reads it.
      assert.deepEqual(lotse.events('lotse-upgraded'), [{ version: 1, payload: { from: '0.1.0', to: '0.2.0' } }]);

      const back = await lotse.upgraded('--back');
      assert.match(back.stdout, /0\.1\.0 reads all \d+ events/);
      assert.equal(lotse.runs, repository);
      assert.deepEqual(await lotse.pids(), before);
      assert.deepEqual(lotse.events('upgrade-returned'), [{ version: 1, payload: { from: '0.2.0', to: '0.1.0' } }]);
      assert.equal((await client.environment()).release, first.id);
      await lotse.upgraded('--to', next);
    });
    assert.deepEqual(load.failures, {}, `of ${load.sent} requests`);
    t.diagnostic(`${load.sent} requests, none failed`);

    // What is released by the newer version is known to the one before.
    const second = await client.release({ web: { instances: 2 } });
    await client.deploy(second.id);
    await lotse.upgraded('--back');
    assert.equal((await client.environment()).release, second.id);
    await client.untilRollout((await client.rollBack()).id, 'settled', ({ status }) => status === 'settled');
    assert.equal((await client.environment()).release, first.id);

    // Settled, the newer one writes its own form, and the one before refuses the state.
    await lotse.upgraded('--to', next);
    assert.match((await lotse.upgraded('--settle')).stdout, /Settled: 0099-next/);
    await client.ask('POST /upgrade/results', { from: '0.1.0', to: '0.2.0', outcome: 'upgraded', cause: null });
    assert.deepEqual(lotse.events('lotse-upgraded').at(-1), {
      ...{ version: 2, payload: { from: '0.1.0', to: '0.2.0', note: 'new' } },
    });
    const refused = await lotse.upgrade('--back');
    assert.deepEqual([refused.exitCode, lotse.runs], [27, next], refused.said);
    assert.match(refused.stderr, /was settled: that version cannot read the state any more/);
    assert.deepEqual(await client.ask('GET /journal/check').then((check) => Reflect.get(Object(check), 'ok')), true);
  });

  test('goes back by itself when it ends, and when it never answers; no request fails, and nothing is lost', async (t) => {
    const lotse = await UpgradedLotse.start(t);
    const { client, whole } = lotse;
    const release = await client.release({ web: { instances: 2 } });
    await client.deploy(release.id);
    const port = await portOf(lotse);
    const before = await lotse.pids();
    const ends = await plantVersion(whole.folder, '0.2.0', [
      ...nextMigration,
      ...plantAtStart("  throw new Error('planted: no API');"),
    ]);
    const hangs = await plantVersion(whole.folder, '0.3.0', [
      ...nextMigration,
      ...plantAtStart('  await new Promise((resolve) => setTimeout(resolve, 2 ** 30));'),
    ]);
    const { load } = await underLoad(port, async () => {
      const ended = await lotse.upgrade('--to', ends);
      assert.equal(ended.exitCode, 12, ended.said);
      assert.match(ended.said, /0\.2\.0 is not well: planted: no API[^]*0\.1\.0 takes its place again/);
      assert.equal(lotse.runs, repository);
      const hung = await lotse.upgrading('--to', hangs, '--within', '10s').end(400_000);
      assert.equal(hung.exitCode, 12, hung.said);
      assert.match(hung.said, /0\.3\.0 is not well: not well after 10 s/);
    });
    assert.deepEqual(load.failures, {}, `of ${load.sent} requests`);
    assert.equal(lotse.runs, repository);
    assert.deepEqual(await lotse.pids(), before);
    assert.deepEqual(
      lotse.events('upgrade-returned').map(({ payload }) => payload['to']),
      ['0.2.0', '0.3.0'],
    );
    // What they had added to the state is there, and in nobody's way.
    assert.deepEqual(await upgradeState(lotse), { version: '0.1.0', before: '0.1.0', unsettled: ['0099-next'] });
    const refused = await lotse.upgrade('--settle');
    assert.equal(refused.exitCode, 6, refused.said);
    const again = await client.release({ web: { instances: 2 } });
    await client.deploy(again.id);
  });

  test('touches nothing when it could not be taken back, migrated or started, and when it runs already', async (t) => {
    const lotse = await UpgradedLotse.start(t);
    const { whole, pid } = lotse;
    const untouched = () => {
      assert.deepEqual([lotse.runs, lotse.pid], [repository, pid]);
      assert.ok(!existsSync(join(whole.state, 'upgrade', 'record.json')));
      assert.ok(!existsSync(join(whole.state, 'upgrade', 'control')), 'no copy of the state stays');
    };
    const tries: readonly [string, readonly Parameters<typeof plantVersion>[2][number][], number, RegExp][] = [
      ['0.2.0', plantMigration('0099-next', ['alter table sessions drop column agent']), 8, /sessions\.agent is gone/],
      [
        '0.3.0',
        plantMigration('0099-next', ['create table people (a)']),
        70,
        /0099-next failed, and nothing was changed/,
      ],
      ['0.4.0', [{ file: 'bin/lotse.mjs', of: '', instead: 'throw new Error("planted")' }], 2, /does not start/],
    ];
    for (const [version, changes, exitCode, words] of tries) {
      const root = await plantVersion(whole.folder, version, changes);
      const ran = await lotse.upgrade('--to', root);
      assert.equal(ran.exitCode, exitCode, ran.said);
      assert.match(ran.stderr, words);
      untouched();
    }
    const nowhere = await lotse.upgrade('--to', join(whole.folder, 'nowhere'));
    assert.deepEqual([nowhere.exitCode, /is no folder of Lotse/.test(nowhere.stderr)], [2, true], nowhere.said);
    const noWayBack = await lotse.upgrade('--back');
    assert.equal(noWayBack.exitCode, 6, noWayBack.said);
    const same = await lotse.upgraded('--json');
    assert.deepEqual(JSON.parse(same.stdout), { outcome: 'unchanged', from: '0.1.0', to: '0.1.0' });
    assert.deepEqual(JSON.parse((await lotse.upgraded('--settle', '--json')).stdout), { settled: [] });
    untouched();
  });
});

async function portOf(lotse: UpgradedLotse): Promise<number> {
  return Number(new URL((await lotse.client.environment()).addresses.at(-1) ?? '').port);
}

async function upgradeState(lotse: UpgradedLotse): Promise<object> {
  const { unsettled, ...more } = Object(await lotse.client.ask('GET /upgrade'));
  return { ...more, unsettled: unsettled.map(({ name }: { readonly name: string }) => name) };
}
