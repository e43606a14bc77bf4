import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { findTestEngine } from '../../../../test/harness/docker-engine.ts';
import { startDockerTargetTest } from '../../../../test/harness/docker-target-setup.ts';
import { ContractWorld, get, until } from '../contract-world.contract.ts';

const found = await findTestEngine();
type Setup = Awaited<ReturnType<typeof startDockerTargetTest>>;

describe('docker target: containers that somebody else touches, and such as were left', found, () => {
  worldTest('one that somebody takes away is started again, and its output stays', async (world, setup) => {
    const order = await world.ensure({});
    const [first] = await world.untilReady(order);
    await get(first?.address, '/say');
    await until('it is copied', async () => (await world.lastLines(order)).includes('said'));
    await setup.engine.containers.remove(await nameOf(setup, 1), { force: true });
    await until('another attempt is ready', async () => {
      const [slot] = await world.observe();
      return slot?.attempt === 2 && slot.state === 'ready';
    });
    assert.equal((await world.observe())[0]?.unexpectedExits, 1);
    assert.ok((await world.lines(order, 50)).some(({ attempt, text }) => attempt === 1 && text === 'said'));
  });

  worldTest('a job whose container somebody took away is lost, and does not run again', async (world, setup) => {
    const job = world.job({ key: 'gone', argv: ['node', 'app.mjs', 'job', '0', '60000'] });
    await world.target.startJob(job);
    await until('it has begun', async () => (await world.jobLines('gone')).length > 0);
    await world.target.close();
    const label = [`lotse.state=${await setup.state()}`, 'lotse.job'];
    for (const { Id } of await setup.engine.containers.list({ label })) {
      await setup.engine.containers.remove(Id, { force: true });
    }
    await world.reopen();
    assert.equal((await world.untilJobEnds('gone')).state, 'lost');
    await world.target.startJob(job);
    assert.equal((await setup.engine.containers.list({ label })).length, 0);
  });

  worldTest('what was counted already is swept away; what is of others, or unknown, stays', async (world, setup) => {
    const order = await world.ensure({});
    const [first] = await world.untilReady(order);
    await world.target.close();
    const state = await setup.state();
    const [counted, unknown, foreign] = [
      await leave(setup, 'counted', { 'lotse.state': state, ...labelsOf('staging-1', 0) }),
      await leave(setup, 'unknown', { 'lotse.state': state, ...labelsOf('staging-9', 1) }),
      await leave(setup, 'foreign', { 'lotse.state': 'other', ...labelsOf('staging-1', 0) }),
    ];
    try {
      await world.reopen();
      const isThere = (id: string) =>
        setup.engine.containers.inspect(id).then(
          () => true,
          () => false,
        );
      await until('it is swept', async () => !(await isThere(counted)));
      assert.deepEqual([await isThere(unknown), await isThere(foreign)], [true, true]);
      assert.equal((await world.observe())[0]?.pid, first?.pid);
    } finally {
      for (const id of [unknown, foreign]) await setup.engine.containers.remove(id, { force: true });
    }
  });

  worldTest('every line is kept once, however often the control plane starts', async (world, setup) => {
    const definition = world.definition({ kind: 'worker', port: null, argv: ['node', '-e', counting] });
    const order = await world.ensure({ definition });
    await world.untilReady(order);
    for (let round = 0; round < 4; round++) {
      await new Promise((resolve) => setTimeout(resolve, 150));
      await world.reopen();
    }
    await writeFile(join(setup.controlFolder, 'enough'), '');
    await until('it has ended', async () => (await world.lines(order, 5000)).some(({ text }) => text === 'the end'));
    const lines = (await world.lines(order, 5000)).filter(({ attempt }) => attempt === 1);
    const numbers = lines.filter(({ stream }) => stream === 'out').map(({ text }) => Number(text));
    assert.deepEqual(
      numbers.filter(Number.isInteger),
      Array.from({ length: numbers.filter(Number.isInteger).length }, (_, index) => index),
    );
    assert.deepEqual(
      lines.filter(({ stream }) => stream === 'err').map(({ text }) => text),
      ['begins', 'the end'],
    );
    const long = lines.find(({ text }) => text.startsWith('y'));
    assert.equal(long?.text.length, 40_000);
  });

  worldTest('an address and a record outlive the target: the slot has the same one again', async (world, setup) => {
    const order = await world.ensure({});
    const [slot] = await world.untilReady(order);
    const record = JSON.parse(
      await readFile(join(setup.folder, 'state/kept/shop/staging/staging-1/web/0/record.json'), 'utf8'),
    );
    assert.equal(record.host, slot?.address?.host);
    const next = await world.ensure({ revision: 'staging-2' });
    const [other] = await world.untilReady(next);
    assert.notEqual(other?.address?.host, slot?.address?.host);
    await world.target.ensure({ ...next, slots: 0 });
    await until('it is gone', async () => (await world.observe()).length === 1);
    await world.reopen();
    const [later] = await world.untilReady(await world.ensure({ revision: 'staging-3' }));
    assert.notEqual(later?.address?.host, other?.address?.host, 'given back just now: its turn comes after all others');
  });
});

/** Writes a number each few milliseconds until it is told that it is enough. */
const counting = `
const { existsSync, writeSync } = require('node:fs');
console.error('begins');
console.log('y'.repeat(40000));
let number = 0;
const timer = setInterval(() => {
  if (existsSync(process.env.CONTROL_DIR + '/enough')) {
    clearInterval(timer);
    console.error('the end');
    setInterval(() => undefined, 1e6);
  } else for (let i = 0; i < 5; i++) console.log(number++);
}, 10);
process.on('SIGTERM', () => process.exit(0));
`;

function worldTest(title: string, body: (world: ContractWorld, setup: Setup) => Promise<void>): void {
  test(title, { timeout: 180_000 }, async () => {
    const setup = await startDockerTargetTest(found);
    const world = await ContractWorld.open(setup);
    try {
      await body(world, setup);
    } finally {
      await world.end();
    }
  });
}

async function nameOf(setup: Setup, attempt: number): Promise<string> {
  const label = [`lotse.state=${await setup.state()}`, `lotse.attempt=${attempt}`];
  const [container] = await setup.engine.containers.list({ label });
  return container?.Id ?? assert.fail('there is no container');
}

async function leave(setup: Setup, name: string, Labels: Readonly<Record<string, string>>): Promise<string> {
  const spec = { Image: setup.image, Cmd: ['sleep', '600'], Labels };
  return await setup.engine.containers.create(`left-${name}-${await setup.state()}`, spec);
}

function labelsOf(revision: string, attempt: number) {
  return {
    'lotse.app': 'shop',
    'lotse.environment': 'staging',
    'lotse.revision': revision,
    'lotse.service': 'web',
    'lotse.slot': '0',
    'lotse.attempt': String(attempt),
  };
}
