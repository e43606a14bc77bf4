import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { removeAllOf } from '../../../../test/harness/docker-target-setup.ts';
import { findTestEngine } from '../../../../test/harness/docker-engine.ts';
import { EnvironmentNetworks } from './environment-networks.ts';
import type { MachineNetwork } from './machine-networks.ts';
import { machineNetworks } from './machine-networks.ts';
import { formatSubnet, parseSubnet } from './subnet.ts';

const found = await findTestEngine();
const staging = { app: 'shop', environment: 'staging' };
/** Four environments find room in it. */
const range = parseSubnet('10.212.4.0/22') ?? assert.fail();
const inRange = [4, 5, 6, 7].map((part) => `10.212.${part}.0/24`);

describe('networks of environments', found, () => {
  networkTest('addresses that a bridge without containers has are left alone', async (open) => {
    const bridges = inRange.slice(1).map((subnet, index) => ({ name: `lt${index}-${process.pid}`, subnet }));
    const ip = (...words: readonly string[]) => execFileSync('ip', words);
    try {
      for (const { name, subnet } of bridges) {
        ip('link', 'add', name, 'type', 'bridge');
        ip('address', 'add', subnet.replace('.0/', '.1/'), 'dev', name);
        ip('link', 'set', name, 'up');
      }
      assert.equal(formatSubnet((await open(machineNetworks).of(staging)).subnet), inRange[0]);
    } finally {
      for (const { name } of bridges) ip('link', 'delete', name);
    }
  });

  networkTest('one that somebody else makes at the same moment is given up, and others are tried', async (open) => {
    let looks = 0;
    const firsts: string[] = [];
    // Nobody has anything before the first is made; then the kernel knows another bridge with the same addresses.
    const seen = (): readonly MachineNetwork[] => {
      looks++;
      const own = machineNetworks().filter((network) => inRange.includes(formatSubnet(network.subnet)));
      if (looks !== 2) return own;
      firsts.push(...own.map((network) => formatSubnet(network.subnet)));
      return [...own, ...own.map((network) => ({ ...network, interface: 'br-of-somebody' }))];
    };
    const { subnet, name } = await open(seen).of(staging);
    assert.equal(firsts.length, 1);
    assert.notEqual(formatSubnet(subnet), firsts[0]);
    assert.ok(found.skip === false);
    const left = (await found.engine.networks.list()).filter(({ Name }) => Name === name);
    assert.deepEqual(
      left.map(({ IPAM }) => IPAM.Config?.[0]?.Subnet),
      [formatSubnet(subnet)],
    );
  });
});

type Open = (seen: () => readonly MachineNetwork[]) => EnvironmentNetworks;

function networkTest(title: string, body: (open: Open) => Promise<void>): void {
  test(title, async () => {
    assert.ok(found.skip === false);
    const { engine } = found;
    const state = randomBytes(4).toString('hex');
    try {
      await body((seen) => new EnvironmentNetworks(engine, state, range, seen));
    } finally {
      await removeAllOf(engine, state);
    }
  });
}
