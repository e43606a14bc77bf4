import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { startProcessTargetTest } from '../../../../test/harness/process-target-setup.ts';
import { isFree } from './ports.ts';
import { ContractWorld, get, until } from '../contract-world.contract.ts';

const isRoot = process.getuid?.() === 0;
const isLinux = process.platform === 'linux';

test('a service that ignores PORT is found where it listens, and called so', async () => {
  const world = await ContractWorld.open(await startProcessTargetTest({ probes: { elsewhereAfterMs: 300 } }));
  try {
    const port = await freePort();
    const [slot] = await world.untilReady(await world.ensure({ variables: { FIXED_PORT: String(port) } }));
    assert.equal(slot?.fixedPort, port);
    assert.equal(slot?.address?.port, port);
    assert.match(slot?.note ?? '', /ignores PORT/);
    await world.reopen();
    await until('it is found again', async () => (await world.observe())[0]?.fixedPort === port);
  } finally {
    await world.end();
  }
});

for (const bind of ['127.0.0.1', '0.0.0.0', '::1', '::']) {
  test(`an instance that binds ${bind} is reached`, async () => {
    const world = await ContractWorld.open(await startProcessTargetTest());
    try {
      const [slot] = await world.untilReady(await world.ensure({ variables: { BIND: bind } }));
      assert.equal(slot?.address?.host, bind === '::1' ? '::1' : '127.0.0.1');
      assert.equal(await get(slot?.address, '/'), 'hello');
    } finally {
      await world.end();
    }
  });
}

test('a fixed port that somebody else holds is named with its holder', { skip: !isLinux }, async () => {
  const holder = createServer().listen(0);
  await once(holder, 'listening');
  const address = holder.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const world = await ContractWorld.open(await startProcessTargetTest());
  try {
    await world.ensure({ variables: { FIXED_PORT: String(port) } });
    await until('it is given up', async () => (await world.observe())[0]?.state === 'gave-up');
    const [slot] = await world.observe();
    assert.match(slot?.note ?? '', new RegExp(`port ${port} is held by pid ${process.pid}`));
  } finally {
    holder.close();
    await world.end();
  }
});

test(
  'what was given up is tried again now and then, and comes back when its cause has passed',
  { skip: !isLinux },
  async () => {
    const holder = createServer().listen(0);
    await once(holder, 'listening');
    const address = holder.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const world = await ContractWorld.open(await startProcessTargetTest({ restarts: { afterGivingUpMs: 300 } }));
    try {
      await world.ensure({ variables: { FIXED_PORT: String(port) } });
      await until('it is given up', async () => (await world.observe())[0]?.state === 'gave-up');
      holder.close();
      await until('it is ready', async () => (await world.observe())[0]?.state === 'ready');
    } finally {
      holder.close();
      await world.end();
    }
  },
);

test('somebody else on its port is never taken for the instance', { skip: !isLinux }, async () => {
  const world = await ContractWorld.open(await startProcessTargetTest());
  const stranger = createServer();
  try {
    await world.ensure({ variables: { BOOT_MS: '60000' } });
    await until('it boots', async () => typeof (await world.observe())[0]?.pid === 'number');
    const record = join(world.setup.controlFolder, '../state/kept/shop/staging/staging-1/web/0/record.json');
    stranger.listen((JSON.parse(await readFile(record, 'utf8')) as { port: number }).port);
    await until('it is noticed', async () => /is held by pid/.test((await world.observe())[0]?.note ?? ''));
    assert.equal((await world.observe())[0]?.state, 'starting');
  } finally {
    stranger.close();
    await world.end();
  }
});

test('the log of a service holds what it said, and nothing of the launcher', async () => {
  const world = await ContractWorld.open(await startProcessTargetTest());
  try {
    const order = world.order({});
    const definition = {
      ...order.definition,
      kind: 'worker' as const,
      port: null,
      ready: null,
      argv: ['sleep', '600'],
    };
    const running = await world.ensure({ definition });
    await world.untilReady(running);
    await world.ensure({ definition, slots: 0 });
    await until('it was ended by SIGTERM', async () => (await world.observe()).length === 0);
    assert.deepEqual(await world.lastLines(running), []);
  } finally {
    await world.end();
  }
});

test('a slot whose port was taken meanwhile starts on another one', async () => {
  const world = await ContractWorld.open(await startProcessTargetTest());
  const stranger = createServer();
  try {
    const order = await world.ensure({});
    const [first] = await world.untilReady(order);
    await world.target.close();
    await get(first?.address, '/crash');
    const port = first?.address?.port ?? 0;
    await until('the port is free', async () => await isFree(port));
    stranger.listen(port);
    await once(stranger, 'listening');
    await world.reopen();
    const [second] = await world.untilReady(order);
    assert.notEqual(second?.address?.port, port);
  } finally {
    stranger.close();
    await world.end();
  }
});

test('an instance whose launcher was killed goes on, is adopted, and is not started twice', async () => {
  const setup = await startProcessTargetTest();
  const world = await ContractWorld.open(setup);
  try {
    const order = await world.ensure({});
    const [first] = await world.untilReady(order);
    const run = join(setup.folder, 'state/kept/shop/staging/staging-1/web/0/attempts/1/run');
    const [, , launcher] = (await readFile(run, 'utf8')).split('\n');
    process.kill(Number(launcher), 'SIGKILL');
    await world.reopen();
    const [second] = await world.untilReady(order);
    assert.deepEqual([second?.pid, second?.attempt], [first?.pid, 1]);
    await get(second?.address, '/crash');
    await until('the crash is seen', async () => (await world.observe())[0]?.unexpectedExits === 1);
    await world.untilReady(order);
  } finally {
    await world.end();
  }
});

test('after a reboot what was ordered starts again, and old faults are forgotten', async () => {
  const setup = await startProcessTargetTest();
  const world = await ContractWorld.open(setup);
  try {
    await world.ensure({});
    const broken = world.definition({ service: 'broken', argv: ['node', 'app.mjs', 'fail'] });
    await world.ensure({ definition: broken });
    await until('one is ready, one given up', async () => {
      const states = (await world.observe()).map((seen) => seen.state);
      return states.includes('ready') && states.includes('gave-up');
    });
    await world.target.close();
    await pretendReboot(join(setup.folder, 'state/kept/shop/staging/staging-1'));
    await world.reopen();
    await until('both were started again', async () => {
      const seen = await world.observe();
      return seen.every((found) => found.attempt > 1) && seen.some((found) => found.state === 'ready');
    });
    const web = (await world.observe()).find((found) => found.service === 'web');
    assert.deepEqual([web?.attempt, web?.unexpectedExits], [2, 0]);
  } finally {
    await world.end();
  }
});

test('an instance that needs more than its memory is killed, and the note says so', { skip: !isRoot }, async (t) => {
  const world = await ContractWorld.open(await startProcessTargetTest());
  try {
    const why = world.target.traits.notes.find((note) => note.startsWith('Memory limits'));
    if (why !== undefined) return t.skip(why);
    const order = await world.ensure({ definition: world.definition({ memoryBytes: 200e6 }) });
    const [slot] = await world.untilReady(order);
    await get(slot?.address, '/eat').catch(() => undefined);
    await until('it was restarted', async () => (await world.observe())[0]?.unexpectedExits === 1);
    const record = join(world.setup.controlFolder, '../state/kept/shop/staging/staging-1/web/0/record.json');
    assert.match(await readFile(record, 'utf8'), /want of memory \(its limit is 200 MB;/);
  } finally {
    await world.end();
  }
});

test(
  'a full disk refuses the order, keeps nothing of it, and touches nothing that runs',
  { skip: !isRoot },
  async () => {
    const setup = await startProcessTargetTest();
    const stateDir = join(setup.folder, 'small');
    await mkdir(stateDir);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=711', 'tmpfs', stateDir]);
    const small = { ...setup, ...(await startProcessTargetTest({ stateDir })), controlFolder: setup.controlFolder };
    const world = await ContractWorld.open(small);
    try {
      const order = await world.ensure({});
      const [slot] = await world.untilReady(order);
      await fill(join(stateDir, 'filler'));
      const second = { ...order, revision: 'staging-2' };
      await assert.rejects(world.target.ensure(second), { code: 'disk-full' });
      assert.deepEqual(
        (await world.observe()).map((seen) => seen.pid),
        [slot?.pid],
      );
      await assert.rejects(access(join(stateDir, 'kept/shop/staging/staging-2/web/order.json')));
      await rm(join(stateDir, 'filler'));
      await world.target.ensure(second);
      world.remember(second);
      await world.untilReady(second);
    } finally {
      await world.end();
      execFileSync('umount', ['--lazy', stateDir]); // A launcher may still write how its attempt ended.
      await setup.dispose();
    }
  },
);

/** Ends what runs without anybody noticing, and dates its records from another boot. */
async function pretendReboot(folder: string): Promise<void> {
  const files = (await readdir(folder, { recursive: true })).map((name) => join(folder, name));
  for (const path of files.filter((name) => name.endsWith('/run'))) {
    const [, pid, launcher, ...start] = (await readFile(path, 'utf8')).split('\n');
    for (const victim of [launcher, pid]) killIfThere(Number(victim));
    await writeFile(path, ['another-boot', pid, launcher, ...start].join('\n'));
  }
  for (const path of files.filter((name) => name.endsWith('/record.json'))) {
    const record = JSON.parse(await readFile(path, 'utf8')) as object;
    await writeFile(path, JSON.stringify({ ...record, bootId: 'another-boot' }));
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

async function fill(path: string): Promise<void> {
  const write = () => writeFile(path, Buffer.alloc(4096), { flag: 'a' });
  for (;;)
    if (
      await write().then(
        () => false,
        () => true,
      )
    )
      return;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}
