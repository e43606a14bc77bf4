import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFile, rm } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import { describe, test } from 'node:test';
import type { ArtifactDigest } from '../../core/ids.ts';
import type { Address } from '../../core/routing-document.ts';
import { ContractWorld, stateOf, until } from './contract-world.contract.ts';
import type { Target, TargetSlot } from './targets.ts';

/** What a driver's test gives to the suite; one for each test, with a state of its own. */
export interface TargetUnderTest {
  /** Opens the target on the state of this setup; called again after `close`, or after its holder was killed. */
  open(): Promise<Target>;
  /** Opens the target in another operating-system process, and gives it this order as JSON. `kill` is SIGKILL. */
  openElsewhere(order: unknown): Promise<{ kill(): Promise<void> }>;
  /** Addresses that a next slot may well get after this one. */
  neighbours(address: Address): readonly Address[];
  /** This machine's number of a process that runs with an instance, which calls it by that number. */
  processOf(pid: number): Promise<number>;
  /** In the median of some boots. */
  readonly readinessSeenWithinMs: number;
  /** An artifact with `test/fixtures/apps/instance` in it. */
  readonly artifact: ArtifactDigest;
  /** A store that instances may write to, as they are told of it: for files that steer the app. */
  readonly controlFolder: string;
  /** Where that store lies on this machine; left out: there. */
  readonly controlled?: () => Promise<string>;
  /** Opens a connection to an instance; left out: this machine does that by itself. */
  readonly reach?: (address: Address) => Promise<Duplex>;
  /** This machine's number of the slot's main process; left out: the target tells it. */
  readonly pidOf?: (slot: TargetSlot) => Promise<number>;
  /** Takes away what is left, after all instances have ended. */
  dispose(): Promise<void>;
}

type Start = () => Promise<TargetUnderTest>;

/** Every target passes this suite; a new driver is done when it does. */
export function targetContract(
  name: string,
  start: Start,
  options: { readonly skip: string | false } = { skip: false },
): void {
  describe(`${name}: the contract of targets`, options, () => {
    testSlots(start);
    testReadiness(start);
    testExits(start);
    testStops(start);
    testAdoption(start);
    testJobs(start);
    testLogs(start);
  });
}

function testSlots(start: Start): void {
  worldTest(start, 'an ordered slot becomes ready, and answers at the address that is observed', async (world) => {
    const order = await world.ensure({});
    const [slot] = await world.untilReady(order);
    assert.equal(slot?.attempt, 1);
    assert.equal(slot?.note, null);
    assert.deepEqual(slot?.logTail, []);
    assert.equal(await world.get(slot?.address, '/'), 'hello');
    await until('its memory is told', async () => ((await world.observe())[0]?.memoryBytes ?? 0) > 1_000_000);
  });

  worldTest(start, 'the same order again changes nothing', async (world) => {
    const order = await world.ensure({ slots: 2 });
    const before = await world.untilReady(order);
    await world.target.ensure(order);
    await world.target.ensure(order);
    const after = await world.untilReady(order);
    assert.deepEqual(
      after.map(({ pid, startedAt, attempt }) => ({ pid, startedAt, attempt })),
      before.map(({ pid, startedAt, attempt }) => ({ pid, startedAt, attempt })),
    );
  });

  worldTest(start, 'more slots are added and surplus ones end, the lowest stay as they are', async (world) => {
    const order = await world.ensure({ slots: 1 });
    const [first] = await world.untilReady(order);
    const three = { ...order, slots: 3 };
    await world.target.ensure(three);
    const all = await world.untilReady(three);
    assert.equal(new Set(all.map((slot) => textOf(slot.address))).size, 3);
    await world.target.ensure(order);
    await until('two slots are gone', async () => (await world.observe()).length === 1);
    assert.equal((await world.observe())[0]?.startedAt, first?.startedAt);
  });

  worldTest(start, 'a changed claim is in the file, and nothing is started again', async (world) => {
    const definition = world.definition({ readsClaim: true });
    const order = await world.ensure({ claim: 'marked', definition, slots: 2 });
    const slots = await world.untilReady(order);
    for (const { address } of slots) assert.equal(await world.get(address, '/claim'), 'marked\n');
    await world.target.ensure({ ...order, claim: 'all' });
    for (const { address } of slots) assert.equal(await world.get(address, '/claim'), 'all\n');
    assert.deepEqual(
      (await world.observe()).map(({ startedAt }) => startedAt),
      slots.map(({ startedAt }) => startedAt),
    );
    await world.get(slots[0]?.address, '/crash');
    await until('the crash is seen', async () => (await world.observe())[0]?.unexpectedExits === 1);
    const [again] = await world.untilReady(order);
    assert.equal(await world.get(again?.address, '/claim'), 'all\n');
  });

  worldTest(start, 'what one leaves in a store the next one finds there', async (world) => {
    const variables = { CONTROL_DIR: world.controlFolder };
    await world.target.startJob(world.job({ key: 'writes', variables }));
    assert.equal((await world.untilJobEnds('writes')).state, 'succeeded');
    const [slot] = await world.untilReady(await world.ensure({}));
    assert.match(await world.get(slot?.address, '/store'), /^ran-\d+$/);
  });

  worldTest(start, 'a new slot gets none of the addresses to avoid', async (world) => {
    const [probe] = await world.untilReady(await world.ensure({}));
    const avoid = world.setup.neighbours(probe?.address ?? assert.fail());
    const other = await world.ensure({ revision: 'staging-2', avoid });
    const [slot] = await world.untilReady(other);
    assert.ok(!avoid.map(textOf).includes(textOf(slot?.address)));
  });

  worldTest(start, 'two environments know nothing of each other', async (world) => {
    const staging = await world.ensure({});
    const production = await world.ensure({ environment: 'production', revision: 'production-1' });
    const [one] = await world.untilReady(staging);
    const [two] = await world.untilReady(production);
    assert.notEqual(textOf(one?.address), textOf(two?.address));
    await world.target.ensure({ ...staging, slots: 0 });
    await until('staging is empty', async () => (await world.observe()).length === 0);
    assert.equal((await world.observe('production'))[0]?.startedAt, two?.startedAt);
  });
}

function testReadiness(start: Start): void {
  worldTest(start, 'readiness is seen within a few milliseconds of the truth', async (world) => {
    const { readinessSeenWithinMs } = world.setup;
    const rounds: number[] = [];
    // A machine that is busy with something else may spoil a round; a slow look spoils all of them.
    for (let round = 1; round <= 4 && !rounds.some((median) => median <= readinessSeenWithinMs); round++) {
      rounds.push(await medianDelayOfReadiness(world, `round${round}`));
    }
    assert.ok(Math.min(...rounds) <= readinessSeenWithinMs, `medians in ms: ${rounds.join(', ')}`);
  });

  worldTest(
    start,
    'an instance that stops answering its check is unready, and ready again when it answers',
    async (world) => {
      const definition = world.definition({ ready: { kind: 'http', path: '/up' } });
      const order = await world.ensure({ definition });
      await world.untilReady(order);
      await writeFile(await world.control('unready'), '');
      await until('it is unready', async () => stateOf(await world.observe(), order) === 'unready');
      const [unready] = await world.observe();
      assert.match(unready?.note ?? '', /503/);
      assert.ok((unready?.logTail.length ?? 0) > 0);
      await rm(await world.control('unready'));
      const [ready] = await world.untilReady(order);
      assert.equal(ready?.unexpectedExits, 0);
    },
  );

  worldTest(start, 'an instance whose liveness fails three times is started again', async (world) => {
    const definition = world.definition({ live: { kind: 'http', path: '/live' } });
    const order = await world.ensure({ definition });
    const [first] = await world.untilReady(order);
    await writeFile(await world.control('dead'), '');
    await until('it was ended', async () => (await world.observe())[0]?.unexpectedExits === 1);
    await rm(await world.control('dead'));
    const [second] = await world.untilReady(order);
    assert.equal(second?.attempt, 2);
    assert.notEqual(second?.startedAt, first?.startedAt);
  });

  worldTest(start, 'a worker without a check is ready once it has run for a while', async (world) => {
    const definition = world.definition({ kind: 'worker', port: null, argv: ['node', 'app.mjs', 'worker'] });
    const [slot] = await world.untilReady(await world.ensure({ definition }));
    assert.equal(slot?.address, null);
  });
}

async function medianDelayOfReadiness(world: ContractWorld, round: string): Promise<number> {
  const delays: number[] = [];
  for (let boot = 1; boot <= 5; boot++) {
    const order = await world.ensure({ revision: `${round}-${boot}`, variables: { BOOT_MS: `${boot * 17}` } });
    await until('it is ready', async () => stateOf(await world.observe(), order) === 'ready', 2);
    const seenAt = Date.now();
    const lines = await world.bootsOf(order);
    delays.push(seenAt - Number(/listening (\d+)/.exec(lines.join('\n'))?.[1]));
    await world.target.ensure({ ...order, slots: 0 });
  }
  return delays.toSorted((a, b) => a - b)[2] ?? Infinity;
}

function testExits(start: Start): void {
  worldTest(start, 'a crash is counted, and the slot filled again at the same address', async (world) => {
    const order = await world.ensure({});
    const [first] = await world.untilReady(order);
    await world.get(first?.address, '/say');
    await world.get(first?.address, '/crash');
    await until('the crash is seen', async () => (await world.observe())[0]?.unexpectedExits === 1);
    const [second] = await world.untilReady(order);
    assert.equal(second?.attempt, 2);
    assert.equal(second?.logTail.at(-1), 'said', 'why the first one ended is still told');
    assert.deepEqual(second?.address, first?.address);
  });

  worldTest(
    start,
    'a service that never becomes ready is given up, with its last lines and its exit status',
    async (world) => {
      const order = await world.ensure({ definition: world.definition({ argv: ['node', 'app.mjs', 'fail', '7'] }) });
      await until('it is given up', async () => stateOf(await world.observe(), order) === 'gave-up');
      const [slot] = await world.observe();
      assert.equal(slot?.unexpectedExits, 3);
      assert.match(slot?.note ?? '', /exit status 7/);
      assert.deepEqual(slot?.logTail.toSorted(), ['about to fail', 'it went wrong']);
      await world.target.ensure(order);
      assert.equal(stateOf(await world.observe(), order), 'gave-up');
    },
  );

  worldTest(start, 'a command that does not exist is given up, and the note says so', async (world) => {
    const order = await world.ensure({ definition: world.definition({ argv: ['no-such-program'] }) });
    await until('it is given up', async () => stateOf(await world.observe(), order) === 'gave-up');
    assert.match((await world.observe())[0]?.note ?? '', /command was not found/);
  });

  worldTest(start, 'an order for an artifact that is gone is refused, and nothing is kept of it', async (world) => {
    const artifact = `sha256:${'0'.repeat(64)}`;
    await assert.rejects(world.ensure({ artifact }), { code: 'not-found' });
    assert.deepEqual(await world.observe(), []);
  });
}

function testStops(start: Start): void {
  worldTest(start, 'a request in flight is answered before its instance ends', async (world) => {
    const order = await world.ensure({});
    const [slot] = await world.untilReady(order);
    const answer = world.get(slot?.address, '/slow');
    await new Promise((resolve) => setTimeout(resolve, 100));
    await world.target.ensure({ ...order, slots: 0 });
    assert.equal(stateOf(await world.observe(), order), 'stopping');
    assert.equal(await answer, 'slow and whole');
    await until('it is gone', async () => (await world.observe()).length === 0);
  });

  worldTest(start, 'one that ignores SIGTERM is killed when its drain is over', async (world) => {
    const definition = world.definition({ drainMs: 300 });
    const order = await world.ensure({ definition, variables: { IGNORE_TERM: '1' } });
    const pid = await world.pidOf((await world.untilReady(order))[0]);
    await world.target.ensure({ ...order, slots: 0 });
    await until('it is gone', async () => (await world.observe()).length === 0);
    assert.equal(isRunning(pid), false);
  });

  for (const child of ['plain', 'stray']) {
    worldTest(start, `the whole group ends with its instance: a ${child} child too`, async (world) => {
      const order = await world.ensure({ definition: world.definition({ drainMs: 300 }), variables: { CHILD: child } });
      await world.untilReady(order);
      const pid = await world.childIn(await world.lastLines(order));
      assert.equal(isRunning(pid), true);
      await world.target.ensure({ ...order, slots: 0 });
      await until('it is gone', async () => (await world.observe()).length === 0);
      assert.equal(isRunning(pid), false);
    });
  }

  worldTest(start, 'a slot that is ordered again while it stops is filled anew', async (world) => {
    const order = await world.ensure({
      definition: world.definition({ drainMs: 300 }),
      variables: { IGNORE_TERM: '1' },
    });
    const [first] = await world.untilReady(order);
    const pid = await world.pidOf(first);
    await world.target.ensure({ ...order, slots: 0 });
    await world.target.ensure(order);
    await until('another one is ready', async () => {
      const [slot] = await world.observe();
      return slot?.state === 'ready' && slot.startedAt !== first?.startedAt;
    });
    assert.equal(isRunning(pid), false);
  });
}

function testAdoption(start: Start): void {
  worldTest(start, 'close leaves instances running, and the next target adopts them', async (world) => {
    const order = await world.ensure({ slots: 2 });
    const before = await world.untilReady(order);
    await world.reopen();
    const after = await world.observe();
    assert.deepEqual(
      after.map(({ pid, startedAt, state, attempt, address }) => ({ pid, startedAt, state, attempt, address })),
      before.map(({ pid, startedAt, state, attempt, address }) => ({ pid, startedAt, state, attempt, address })),
    );
  });

  worldTest(start, 'an adopted instance that crashes is counted and started again', async (world) => {
    const order = await world.ensure({});
    const [first] = await world.untilReady(order);
    await world.reopen();
    await world.get(first?.address, '/crash');
    await until('the crash is seen', async () => (await world.observe())[0]?.unexpectedExits === 1);
    const [second] = await world.untilReady(order);
    assert.equal(second?.attempt, 2);
  });

  worldTest(start, 'a crash while nobody watches is counted once, with its exit status', async (world) => {
    const definition = world.definition({ argv: ['node', 'app.mjs'] });
    const order = await world.ensure({ definition });
    const [first] = await world.untilReady(order);
    const pid = await world.pidOf(first);
    await world.target.close();
    await world.get(first?.address, '/crash');
    await until('it has ended', async () => !isRunning(pid));
    await world.reopen();
    const [second] = await world.untilReady(order);
    assert.equal(second?.unexpectedExits, 1);
    await world.reopen();
    assert.equal((await world.observe())[0]?.unexpectedExits, 1);
  });

  worldTest(start, 'SIGKILL of the holder at any moment of a start leads to one instance, never two', async (world) => {
    for (const waitMs of [0, 5, 12, 25, 60, 150]) {
      const order = world.order({ revision: `staging-${waitMs}` });
      await world.target.close();
      const holder = await world.setup.openElsewhere(order);
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      await holder.kill();
      await world.reopen();
      world.remember(order);
      const [slot] = await world.untilReady(order);
      assert.equal((await world.bootsOf(order)).length, 1, `killed after ${waitMs} ms: started more than once`);
      assert.equal(await world.get(slot?.address, '/'), 'hello');
      assert.equal(isRunning(await world.pidOf(slot)), true);
    }
  });

  worldTest(start, 'a stop that close interrupted is finished by the next target', async (world) => {
    const order = await world.ensure({
      definition: world.definition({ drainMs: 1500 }),
      variables: { IGNORE_TERM: '1' },
    });
    const pid = await world.pidOf((await world.untilReady(order))[0]);
    await world.target.ensure({ ...order, slots: 0 });
    await world.reopen();
    assert.equal(stateOf(await world.observe(), order), 'stopping');
    await until('it is gone', async () => (await world.observe()).length === 0);
    assert.equal(isRunning(pid), false);
  });
}

function testJobs(start: Start): void {
  worldTest(start, 'a job runs once under its key and tells its exit status', async (world) => {
    assert.equal(await world.target.observeJob('never'), null);
    const good = world.job({ key: 'good' });
    await Promise.all([world.target.startJob(good), world.target.startJob(good)]);
    await world.untilJobEnds('good');
    await world.target.startJob(good);
    const seen = await world.target.observeJob('good');
    assert.deepEqual({ state: seen?.state, exitCode: seen?.exitCode }, { state: 'succeeded', exitCode: 0 });
    assert.equal(seen?.logTail.filter((line) => line.startsWith('job begins')).length, 1);
    await world.target.startJob(world.job({ key: 'bad', argv: ['node', 'app.mjs', 'job', '4'] }));
    const bad = await world.untilJobEnds('bad');
    assert.deepEqual({ state: bad.state, exitCode: bad.exitCode }, { state: 'failed', exitCode: 4 });
  });

  worldTest(start, 'the start of a job forgets earlier ones that it names, but none that runs', async (world) => {
    await world.target.startJob(world.job({ key: 'old' }));
    await world.target.startJob(world.job({ key: 'runs', argv: ['node', 'app.mjs', 'job', '0', '60000'] }));
    await world.untilJobEnds('old');
    await world.target.startJob(world.job({ key: 'new', forgets: ['old', 'runs', 'never'] }));
    await world.untilJobEnds('new');
    assert.equal(await world.target.observeJob('old'), null);
    assert.deepEqual(await world.jobLines('old'), []);
    assert.equal((await world.target.observeJob('runs'))?.state, 'running');
    await world.target.cancelJob('runs');
    await world.untilJobEnds('runs');
  });

  worldTest(start, 'a job outlives close, and its exit status is known although nobody watched', async (world) => {
    await world.target.startJob(world.job({ key: 'long', argv: ['node', 'app.mjs', 'job', '5', '400'] }));
    await until('it has begun', async () => (await world.jobLines('long')).length > 0);
    await world.target.close();
    await new Promise((resolve) => setTimeout(resolve, 800));
    await world.reopen();
    const seen = await world.untilJobEnds('long');
    assert.deepEqual({ state: seen.state, exitCode: seen.exitCode }, { state: 'failed', exitCode: 5 });
  });

  worldTest(start, 'cancel ends the whole group of a job, and is harmless afterwards', async (world) => {
    const argv = ['node', 'app.mjs', 'worker'];
    await world.target.startJob(world.job({ key: 'endless', argv, variables: { CHILD: 'stray' } }));
    await until('it has begun', async () => (await world.jobLines('endless')).length > 1);
    const pid = await world.childIn(await world.jobLines('endless'));
    await world.target.cancelJob('endless');
    assert.equal((await world.untilJobEnds('endless')).state, 'failed');
    assert.equal(isRunning(pid), false);
    await world.target.cancelJob('endless');
    await world.target.cancelJob('never');
  });

  worldTest(start, 'a job that takes longer than its time is ended, and says so', async (world) => {
    const argv = ['node', 'app.mjs', 'job', '0', '60000'];
    await world.target.startJob(world.job({ key: 'slow', argv, withinMs: 400 }));
    const seen = await world.untilJobEnds('slow');
    assert.equal(seen.state, 'failed');
    assert.match(seen.logTail.at(-1) ?? '', /longer than its 0\.4 s/);
  });
}

function testLogs(start: Start): void {
  worldTest(start, 'logs of a failed start are kept, oldest line first, with attempt and stream', async (world) => {
    const order = await world.ensure({ definition: world.definition({ argv: ['node', 'app.mjs', 'fail'] }) });
    await until('it is given up', async () => stateOf(await world.observe(), order) === 'gave-up');
    await world.target.ensure({ ...order, slots: 0 });
    await until('it is gone', async () => (await world.observe()).length === 0);
    const lines = await world.lines(order, 100);
    assert.deepEqual([...new Set(lines.map((line) => line.attempt))], [1, 2, 3]);
    assert.deepEqual([...new Set(lines.map((line) => line.stream))].toSorted(), ['err', 'out']);
    assert.ok(lines.every((line) => Math.abs(Date.now() - line.at) < 60_000));
    assert.equal((await world.lines(order, 2)).length, 2);
  });

  worldTest(start, 'followed logs go on with new lines until the signal', async (world) => {
    const order = await world.ensure({});
    const [slot] = await world.untilReady(order);
    const stop = new AbortController();
    const found: string[] = [];
    const following = (async () => {
      for await (const line of world.target.logs(world.query(order, 0, true), stop.signal)) found.push(line.text);
    })();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await world.get(slot?.address, '/say');
    await until('the line arrived', async () => found.includes('said'));
    stop.abort();
    await following;
    assert.deepEqual(found, ['said']);
  });
}

function worldTest(start: Start, title: string, body: (world: ContractWorld) => Promise<void>): void {
  test(title, { timeout: 180_000 }, async () => {
    const world = await ContractWorld.open(await start());
    try {
      await body(world);
    } finally {
      await world.end();
    }
  });
}

function textOf(address: Address | null | undefined): string {
  return `${address?.host}:${address?.port}`;
}

/** A dead process that its parent has not asked about yet does not run. */
function isRunning(pid: number): boolean {
  const { status, stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return status === 0 && !stdout.trim().startsWith('Z');
}
