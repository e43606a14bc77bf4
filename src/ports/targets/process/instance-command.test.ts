import assert from 'node:assert/strict';
import { readFile, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { startProcessTargetTest } from '../../../../test/harness/process-target-setup.ts';
import { Secret } from '../../../core/secret.ts';
import { ContractWorld, get, until } from '../contract-world.contract.ts';

const isRoot = process.getuid?.() === 0;

test('an instance gets a clean environment: what was ordered, PORT, and places of its own', async () => {
  const setup = await startProcessTargetTest();
  const world = await ContractWorld.open(setup);
  try {
    const variables = { API_KEY: new Secret('s3cret-value'), GREETING: 'grüß "dich" $HOME `x`', LD_PRELOAD: '' };
    const [slot] = await world.untilReady(await world.ensure({ variables }));
    const seen = JSON.parse(await get(slot?.address, '/env')) as Record<string, string>;
    assert.equal(seen['API_KEY'], 's3cret-value');
    assert.equal(seen['GREETING'], 'grüß "dich" $HOME `x`');
    assert.equal(seen['PORT'], String(slot?.address?.port));
    assert.equal(seen['PATH']?.split(':')[0], dirname(process.execPath));
    assert.equal(seen['cwd'], setup.artifactFolder);
    assert.ok(seen['HOME']?.startsWith(setup.folder) && seen['TMPDIR']?.startsWith(setup.folder));
    const expected = [
      'API_KEY',
      'CONTROL_DIR',
      'GREETING',
      'HOME',
      'LANG',
      'LD_PRELOAD',
      'LOTSE_INSTANCE',
      'PATH',
      'PORT',
    ];
    const extra = Object.keys(seen).filter((name) => ![...expected, 'TMPDIR', 'cwd', 'uid', 'PWD', '_'].includes(name));
    assert.deepEqual(extra, []);
  } finally {
    await world.end();
  }
});

test('a secret of a kept order is nowhere readable in the state', async () => {
  const setup = await startProcessTargetTest();
  const world = await ContractWorld.open(setup);
  try {
    await world.untilReady(await world.ensure({ variables: { API_KEY: new Secret('s3cret-value') } }));
    const state = join(setup.folder, 'state');
    const files = (await readdir(state, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    assert.ok(files.length > 5);
    for (const file of files) {
      const path = join(file.parentPath, file.name);
      assert.ok(!(await readFile(path, 'latin1')).includes('s3cret-value'), path);
    }
    await world.reopen();
    const [slot] = await world.observe();
    await get(slot?.address, '/crash');
    await until('it is back', async () => (await world.observe())[0]?.attempt === 2);
    const [again] = await world.untilReady(world.order({}));
    assert.match(await get(again?.address, '/env'), /s3cret-value/);
  } finally {
    await world.end();
  }
});

test('each environment runs as a user of its own, who cannot enter what Lotse keeps', { skip: !isRoot }, async () => {
  const setup = await startProcessTargetTest();
  const world = await ContractWorld.open(setup);
  try {
    const [one] = await world.untilReady(await world.ensure({ storeFolders: [] }));
    const production = { environment: 'production', revision: 'production-1', storeFolders: [] };
    const [two] = await world.untilReady(await world.ensure(production));
    const first = JSON.parse(await get(one?.address, '/env')) as { uid: number; HOME: string };
    const second = JSON.parse(await get(two?.address, '/env')) as { uid: number };
    assert.ok(first.uid >= 70_000 && second.uid >= 70_000);
    assert.notEqual(first.uid, second.uid);
    assert.equal((await stat(first.HOME)).uid, first.uid);
    for (const name of ['kept', 'jobs']) {
      assert.equal((await stat(join(setup.folder, 'state', name))).mode & 0o077, 0);
    }
    assert.equal((await stat(join(setup.folder, 'state', 'sealing.key'))).mode & 0o077, 0);
  } finally {
    await world.end();
  }
});

test('a write beside the code is refused and reported', async () => {
  const setup = await startProcessTargetTest();
  const world = await ContractWorld.open(setup);
  try {
    const [slot] = await world.untilReady(await world.ensure({}));
    assert.equal(await get(slot?.address, '/write'), 'EACCES');
    await until('it is reported', async () => (await world.observe())[0]?.writesBesideCode.length === 1);
    assert.deepEqual((await world.observe())[0]?.writesBesideCode, ['written-by-app.txt']);
  } finally {
    await world.end();
  }
});

test('without users of their own, instances run as Lotse does, and the target says so', { skip: !isRoot }, async () => {
  const setup = await startProcessTargetTest({ users: null });
  const world = await ContractWorld.open(setup);
  try {
    assert.ok(world.target.traits.notes.some((note) => note.startsWith('Instances run as root')));
    const [slot] = await world.untilReady(await world.ensure({}));
    assert.match(await get(slot?.address, '/env'), /"uid":0/);
  } finally {
    await world.end();
  }
});
