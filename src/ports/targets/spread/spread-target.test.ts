import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startProcessTargetTest } from '../../../../test/harness/process-target-setup.ts';
import { until } from '../../../../test/harness/until.ts';
import { LotseError } from '../../../core/errors.ts';
import type { Room, ServiceOrder, Target, TargetSlot } from '../targets.ts';
import type { ServerTarget } from './spread-target.ts';
import { SpreadTarget } from './spread-target.ts';

const names = ['ssh://one.example', 'ssh://two.example'];
const scope = { app: 'shop', environment: 'staging' };
const place = { ...scope, target: 'process', servers: names } as const;

describe('several machines as one target', () => {
  spreadTest('slots are on the machines in turn, under their own numbers', async (world) => {
    await world.spread.ensure({ ...world.order, slots: 3 });
    assert.deepEqual(whereabouts(await world.untilReady(3)), ['0 one', '1 two', '2 one']);
    await world.spread.ensure({ ...world.order, slots: 5 });
    const five = await world.untilReady(5);
    assert.deepEqual(whereabouts(five), ['0 one', '1 two', '2 one', '3 two', '4 one']);
    assert.ok(five.every(({ server, address }) => address !== null && address.server === server));
    await world.spread.ensure({ ...world.order, slots: 2 });
    const two = await world.untilReady(2);
    assert.deepEqual(
      two.map(({ pid }) => pid),
      five.slice(0, 2).map(({ pid }) => pid),
    );
  });

  spreadTest('what runs is taken up by the next one, whatever it is told first', async (world) => {
    await world.spread.ensure({ ...world.order, slots: 2 });
    const before = await world.untilReady(2);
    await world.spread.close();
    await world.open();
    assert.deepEqual(
      (await world.observe()).map(({ pid, server }) => ({ pid, server })),
      before.map(({ pid, server }) => ({ pid, server })),
    );
  });

  spreadTest('an address says of which machine it is, and only those of its own matter to one', async (world) => {
    await world.spread.ensure({ ...world.order, slots: 2 });
    const [one, two] = await world.untilReady(2);
    assert.deepEqual([one?.address?.server, two?.address?.server], names);
    const heard: ServiceOrder[] = [];
    world.hear = (order) => heard.push(order);
    const avoid = [one?.address, two?.address].filter((address) => address !== null && address !== undefined);
    await world.spread.ensure({ ...world.order, slots: 2, avoid });
    assert.deepEqual(
      heard.map((order) => order.avoid),
      avoid.map((address) => [address]),
    );
  });

  spreadTest('a machine that fails is named, and the others keep what was ordered', async (world) => {
    world.fail('two', new LotseError('unreachable', 'nobody answers', { hint: 'Look there.', retriable: true }));
    await assert.rejects(world.spread.ensure({ ...world.order, slots: 2 }), {
      code: 'unreachable',
      message: 'ssh://two.example: nobody answers',
      hint: 'Look there.',
      retriable: true,
    });
    assert.deepEqual(whereabouts(await world.untilReady(1)), ['0 one']);
    world.fail('two', null);
    await world.spread.ensure({ ...world.order, slots: 2 });
    assert.deepEqual(whereabouts(await world.untilReady(2)), ['0 one', '1 two']);
  });

  spreadTest('a job runs on the first machine, and is found whatever machine is asked first', async (world) => {
    const { release: _, definition, slots: _slots, claim: _claim, avoid: _avoid, ...job } = world.order;
    const argv = ['node', 'app.mjs', 'job', '0', '10'];
    await world.spread.startJob({ ...job, key: 'once', argv, root: definition.root, withinMs: 20_000 });
    await until('the job has ended', async () => (await world.spread.observeJob('once'))?.state === 'succeeded');
    assert.equal((await world.targetOf('one').observeJob('once'))?.state, 'succeeded');
    assert.equal(await world.targetOf('two').observeJob('once'), null);
    assert.equal(await world.spread.observeJob('never'), null);
    await world.spread.cancelJob('once');
  });

  spreadTest('lines of all machines come in one row, each with the number of its slot', async (world) => {
    await world.spread.ensure({ ...world.order, slots: 3 });
    await world.untilReady(3);
    const query = { ...scope, service: 'web', revision: 'staging-1', job: null, last: 10, follow: false };
    const lines = await Array.fromAsync(world.spread.logs(query, new AbortController().signal));
    assert.deepEqual(lines.map(({ slot }) => slot).toSorted(numerically), [0, 1, 2]);
    const times = lines.map(({ at }) => at);
    assert.deepEqual(times, times.toSorted(numerically));
  });

  spreadTest('the room is what the fullest machine leaves to each', async (world) => {
    const room = { memoryTotalBytes: 8e9, diskFolder: 'x', cores: 2 };
    world.rooms = [
      { ...room, memoryFreeBytes: 4e9, diskFreeBytes: 1e9 },
      { ...room, memoryFreeBytes: 1e9, diskFreeBytes: 9e9, diskFolder: 'y' },
    ];
    const found = await world.spread.room(place);
    assert.deepEqual(found, { ...room, memoryFreeBytes: 2e9, memoryTotalBytes: 16e9, diskFreeBytes: 1e9, cores: 4 });
    world.rooms = [world.rooms[0] ?? null, null];
    assert.equal(await world.spread.room(place), null);
  });

  spreadTest('what names no machine is a mistake of the caller', async (world) => {
    await assert.rejects(world.spread.ensure({ ...world.order, servers: [] }), { code: 'internal' });
  });
});

function numerically(one: number, other: number): number {
  return one - other;
}

/** `0 one`: number and machine. */
function whereabouts(slots: readonly TargetSlot[]): readonly string[] {
  return slots.map(({ slot, server }) => `${slot} ${/\/(\w+)\./.exec(server ?? '')?.[1]}`);
}

type Setup = Awaited<ReturnType<typeof startProcessTargetTest>>;

class SpreadWorld {
  readonly order: ServiceOrder;
  rooms: readonly (Room | null)[] = [];
  hear: (order: ServiceOrder) => void = () => undefined;
  readonly #setups: readonly Setup[];
  readonly #failures = new Map<string, LotseError>();
  #targets: readonly ServerTarget[] = [];
  #spread: SpreadTarget | null = null;

  constructor(setups: readonly Setup[]) {
    this.#setups = setups;
    this.order = {
      ...{ ...scope, revision: 'staging-1', release: 'r1-abcdef0', target: 'process', servers: names, slots: 1 },
      ...{ artifact: setups[0]?.artifact ?? '', claim: null, variables: {}, storeFolders: [], avoid: [] },
      definition: {
        ...{ service: 'web', kind: 'web', argv: ['node', 'app.mjs'], root: '.', port: 3000, path: '/' },
        ...{ ready: null, live: null, drainMs: 2000, instances: 1, memoryBytes: null, cpuCores: null },
        ...{ stickiness: { kind: 'none' }, assets: null, readsClaim: false },
      },
    };
  }

  get spread(): SpreadTarget {
    return this.#spread ?? assert.fail('not open');
  }

  async open(): Promise<void> {
    this.#targets = await Promise.all(
      this.#setups.map(async (setup, index) => {
        const name = names[index] ?? '';
        return { name, target: this.#failing(name, index, await setup.open()) };
      }),
    );
    this.#spread = new SpreadTarget({
      of: async (name) => this.#targets.find((server) => server.name === name) ?? assert.fail(name),
      opened: this.#targets,
    });
  }

  fail(name: string, error: LotseError | null): void {
    if (error === null) this.#failures.delete(`ssh://${name}.example`);
    else this.#failures.set(`ssh://${name}.example`, error);
  }

  targetOf(name: string): Target {
    return this.#targets.find((server) => server.name === `ssh://${name}.example`)?.target ?? assert.fail(name);
  }

  async observe(): Promise<readonly TargetSlot[]> {
    return (await this.spread.observe(scope)).toSorted((a, b) => a.slot - b.slot);
  }

  async untilReady(count: number): Promise<readonly TargetSlot[]> {
    await until(`${count} are ready`, async () => {
      const slots = await this.observe();
      return slots.length === count && slots.every(({ state }) => state === 'ready');
    });
    return await this.observe();
  }

  async end(): Promise<void> {
    this.#failures.clear();
    await this.spread.ensure({ ...this.order, slots: 0 });
    await until('all has ended', async () => (await this.observe()).length === 0);
    await this.spread.close();
    for (const setup of this.#setups) await setup.dispose();
  }

  #failing(name: string, index: number, target: Target): Target {
    const ensure = async (order: ServiceOrder): Promise<void> => {
      const failure = this.#failures.get(name);
      if (failure !== undefined) throw failure;
      this.hear(order);
      await target.ensure(order);
    };
    return new Proxy(target, {
      get: (whole, key) => {
        if (key === 'ensure') return ensure;
        if (key === 'room') return async () => this.rooms[index] ?? null;
        const found: unknown = Reflect.get(whole, key);
        return typeof found === 'function' ? found.bind(whole) : found;
      },
    });
  }
}

function spreadTest(title: string, body: (world: SpreadWorld) => Promise<void>): void {
  test(title, { timeout: 180_000 }, async () => {
    const ports = [
      { first: 23_000, last: 24_999 },
      { first: 25_000, last: 26_999 },
    ];
    const world = new SpreadWorld(await Promise.all(ports.map((range) => startProcessTargetTest({ ports: range }))));
    await world.open();
    try {
      await body(world);
    } finally {
      await world.end();
    }
  });
}
