import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { EnvironmentViewModel } from '../../src/capabilities/releases/releases-api.ts';
import type { DockerEngine } from '../../src/docker-engine/docker-engine.ts';
import { labelNames } from '../../src/ports/targets/docker/container-names.ts';
import { baseImage } from '../harness/docker-base-image.ts';
import { startOwnEngine } from '../harness/own-docker-engine.ts';
import { sharedLotse } from '../harness/shared-lotse.ts';
import type { Shop } from '../harness/shop-app.ts';
import { until } from '../harness/until.ts';
import { underLoad } from '../harness/watched-load.ts';
import { containerFiles, slotsOf } from './container-shop.ts';

const own = await startOwnEngine('addresses');
if (own.skip !== false) console.log(`skipped: ${own.skip}`);

const strategy = { name: 'blue-green', watch: '1s' };
const shop: Shop = {
  web: { run: undefined, instances: 2 },
  environments: { staging: { strategy } },
  more: { target: undefined },
};
const names = ['staging', 'production'] as const;

describe('a Docker engine that hands its addresses out anew', { skip: own.skip, timeout: 300_000 }, () => {
  if (own.skip !== false) return;
  const { engine, order } = own;
  const releases = new Map<string, string>();
  const lotse = sharedLotse(
    async ({ client }) => {
      for (const name of names) {
        const { id } = await client.release(shop, { files: containerFiles });
        await client.deploy(id, name);
        releases.set(name, id);
      }
    },
    ['--docker', `unix://${own.address.path}`],
  );
  after(own.end);

  /** Ends all containers with their engine, and waits until others serve in their places. */
  async function restart(how: 'stop' | 'kill', meanwhile = async () => {}): Promise<void> {
    const before = await Promise.all(names.map(async (name) => attemptsOf(await lotse().client.environment(name))));
    await order(how);
    await order('start');
    await meanwhile();
    for (const [at, name] of names.entries()) {
      await until(`${name} is back`, async () => {
        const environment = await lotse().client.environment(name);
        const areReady = slotsOf(environment).every(({ state }) => state === 'ready');
        return areReady && attemptsOf(environment).every((attempt, slot) => attempt > (before[at]?.[slot] ?? 0));
      });
    }
  }

  /** `staging 0 10.213.4.2`, … */
  async function addressesOfSlots(): Promise<readonly string[]> {
    const running = await engine.containers.list({ status: ['running'], label: [labelNames.service] });
    const lines = running.map(async ({ Id, Labels }) => {
      return `${Labels[labelNames.environment]} ${Labels[labelNames.slot]} ${await addressOf(engine, Id)}`;
    });
    return (await Promise.all(lines)).toSorted();
  }

  test('sends nobody from one environment to another, however it is restarted', async (t) => {
    const strangers = await startStrangers(engine);
    const before = await addressesOfSlots();
    const [staging, production] = [await lotse().port('staging'), await lotse().port('production')];
    const { value, load } = await underLoad(staging, () =>
      underLoad(production, async () => {
        await restart('stop', () => swapStrangers(engine, strangers));
        await restart('kill');
      }),
    );
    for (const [name, told] of [['staging', load] as const, ['production', value.load] as const]) {
      t.diagnostic(`${name}: ${told.sent - told.ok} of ${told.sent} requests lost ${JSON.stringify(told.failures)}`);
      assert.deepEqual(Object.keys(told.bodies), [releases.get(name)], name);
    }
    assert.deepEqual(await addressesOfSlots(), before);
  });
});

function attemptsOf(environment: EnvironmentViewModel): readonly number[] {
  const attempts = slotsOf(environment).map(({ attempt }) => attempt);
  assert.equal(attempts.length, 2);
  return attempts;
}

interface Stranger {
  readonly name: string;
  readonly address: string;
}

const network = 'strangers';

/** Two containers that nobody gave an address, on a network of their own: what the engine does by itself. */
async function startStrangers(engine: DockerEngine): Promise<readonly Stranger[]> {
  await engine.networks.create({ Name: network, Driver: 'bridge', IPAM: { Config: [{ Subnet: '10.214.77.0/24' }] } });
  const strangers: Stranger[] = [];
  for (const name of ['stranger-1', 'stranger-2']) {
    const spec = { Image: baseImage, Cmd: ['sleep', '600'], HostConfig: { NetworkMode: network, Init: true } };
    await engine.containers.create(name, spec);
    await engine.containers.start(name);
    strangers.push({ name, address: await addressOf(engine, name) });
  }
  return strangers;
}

/** In the other order: each gets the address that the other one had. */
async function swapStrangers(engine: DockerEngine, strangers: readonly Stranger[]): Promise<void> {
  for (const { name } of strangers.toReversed()) await engine.containers.start(name);
  const addresses = await Promise.all(strangers.map(({ name }) => addressOf(engine, name)));
  assert.deepEqual(addresses, strangers.map(({ address }) => address).toReversed());
}

async function addressOf(engine: DockerEngine, container: string): Promise<string> {
  const { NetworkSettings } = await engine.containers.inspect(container);
  return Object.values(NetworkSettings.Networks)[0]?.IPAddress ?? '';
}
