import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { plantMigration, plantVersion } from '../harness/planted-version.ts';
import { UpgradedLotse } from '../harness/upgraded-lotse.ts';

const nextMigration = plantMigration('0099-next', ['create table next_things (id text primary key not null) strict']);

test(
  'a disk without room for the copy leaves the old control plane running untouched',
  { timeout: 900_000 },
  async (t) => {
    const lotse = await UpgradedLotse.start(t);
    const { whole, pid, runs } = lotse;
    const folder = join(whole.state, 'upgrade');
    mkdirSync(folder, { mode: 0o700 });
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=0700', 'tmpfs', folder]).status !== 0)
      return t.skip('only root can mount a small disk');
    whole.beforeRemoval(() => void spawnSync('umount', ['--lazy', folder]));
    const next = await plantVersion(whole.folder, '0.2.0', nextMigration);
    const full = await lotse.upgrade('--to', next);
    assert.equal(full.exitCode, 23, full.said);
    assert.deepEqual([lotse.runs, lotse.pid], [runs, pid]);
    assert.ok(!existsSync(join(folder, 'control')) && !existsSync(join(folder, 'record.json')));
    // With room it goes on as if nothing had been.
    assert.equal(spawnSync('umount', ['--lazy', folder]).status, 0);
    rmSync(folder, { recursive: true });
    await lotse.upgraded('--to', next);
    assert.equal(lotse.runs, next);
  },
);
