import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readRecord } from '../../src/cli/upgrade/upgrade-record.ts';
import { plantAtStart, plantMigration, plantVersion } from '../harness/planted-version.ts';
import { until } from '../harness/until.ts';
import { UpgradedLotse } from '../harness/upgraded-lotse.ts';
import { underLoad } from '../harness/watched-load.ts';

const repository = join(import.meta.dirname, '..', '..');
const patienceMs = 400_000;
const nextMigration = plantMigration('0099-next', ['create table next_things (id text primary key not null) strict']);

describe('`lotse upgrade` that is killed', { timeout: 1_500_000 }, () => {
  test('leaves the old or the new control plane running at every point, and the next call brings it to its end', async (t) => {
    const lotse = await UpgradedLotse.start(t);
    const { whole, client } = lotse;
    const next = await plantVersion(whole.folder, '0.2.0', nextMigration);
    const release = await client.release({ web: { instances: 1 } });
    await client.deploy(release.id);
    const port = Number(new URL((await client.environment()).addresses.at(-1) ?? '').port);
    /** Points of an upgrade from one program to another, as the outside sees them. */
    const points: Readonly<Record<string, (from: string, to: string) => boolean>> = {
      'it copies the state': () => existsSync(join(whole.state, 'upgrade', 'control')),
      'it has written down what it does': () => readRecord(whole.state)?.phase === 'swapping',
      'the old one has ended': (from) => lotse.runs !== from,
      'the new one runs': (_, to) => lotse.runs === to,
    };
    const { load } = await underLoad(port, async () => {
      for (const [point, isThere] of Object.entries(points)) {
        const [from, to] = lotse.runs === repository ? [repository, next] : [next, repository];
        const killed = lotse.upgrading('--to', to);
        await killed.until(point, () => isThere(from, to), patienceMs);
        await killed.kill();
        await until(`a control plane runs after the end at "${point}"`, () => lotse.runs !== null, patienceMs);
        const finished = await lotse.upgraded('--to', to);
        assert.equal(lotse.runs, to, `${point}: ${finished.said}`);
        assert.ok(!existsSync(join(whole.state, 'upgrade', 'control')), 'no copy of the state stays');
        assert.equal((await client.environment()).release, release.id);
      }
    });
    assert.deepEqual(load.failures, {}, `of ${load.sent} requests`);
  });

  test('while a sick one is watched or taken back, the next call takes it back', async (t) => {
    const lotse = await UpgradedLotse.start(t);
    const { whole } = lotse;
    const hangs = plantAtStart('  await new Promise((resolve) => setTimeout(resolve, 2 ** 30));');
    const sick = await plantVersion(whole.folder, '0.3.0', [...nextMigration, ...hangs]);

    const watching = lotse.upgrading('--to', sick, '--within', '30m');
    await watching.until('the sick one runs', () => lotse.runs === sick, patienceMs);
    await watching.kill();
    assert.equal(lotse.runs, sick);
    const returned = await lotse.upgrading('--within', '1s').end(patienceMs);
    assert.equal(returned.exitCode, 12, returned.said);
    assert.match(returned.stderr, /was interrupted; it goes on first/);
    assert.equal(lotse.runs, repository);

    const returning = lotse.upgrading('--to', sick, '--within', '1s');
    await returning.until('it goes back', () => readRecord(whole.state)?.phase === 'returning', patienceMs);
    await returning.kill();
    const finished = await lotse.upgrading('--within', '1s').end(patienceMs);
    assert.equal(finished.exitCode, 12, finished.said);
    assert.equal(lotse.runs, repository);
    assert.equal(readRecord(whole.state)?.phase, 'returned');
  });

  test('keeps nobody else from upgrading, and one that runs does', async (t) => {
    const lotse = await UpgradedLotse.start(t);
    const next = await plantVersion(lotse.whole.folder, '0.2.0', nextMigration);
    const first = lotse.upgrading('--to', next);
    await first.until('it is under way', () => existsSync(join(lotse.whole.state, 'upgrade', 'pid')), patienceMs);
    const second = await lotse.upgrade('--to', next);
    assert.equal(second.exitCode, 24, second.said);
    assert.match(second.stderr, /Another `lotse upgrade` is under way/);
    assert.equal((await first.end(patienceMs)).exitCode, 0);
    assert.equal(lotse.runs, next);
  });
});
