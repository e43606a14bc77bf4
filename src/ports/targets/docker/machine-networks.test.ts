import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { endianness } from 'node:os';
import { test } from 'node:test';
import { machineNetworks, parseRoutes } from './machine-networks.ts';
import { formatSubnet } from './subnet.ts';

const header = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT';
const otherBytes = endianness() === 'LE' ? false : 'the rows are those of a little-endian machine';
const cannotLink =
  process.platform === 'linux' && process.getuid?.() === 0 ? false : 'only root on Linux makes bridges';

test(
  'routes of the kernel are read; wide ones, and those over another machine, are in nobody’s way',
  { skip: otherBytes },
  () => {
    const rows = [
      'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
      'br-6d5694b86dea\t002DD50A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
      'ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0',
      'wg0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0',
    ];
    const found = parseRoutes([header, ...rows, ''].join('\n'));
    assert.deepEqual(
      found.map((network) => [network.interface, formatSubnet(network.subnet)]),
      [['br-6d5694b86dea', '10.213.45.0/24']],
    );
    assert.deepEqual(parseRoutes(`${header}\nnonsense\n`), []);
  },
);

test('a bridge that nobody is on is among the networks of this machine', { skip: cannotLink }, (t) => {
  const bridge = `lotse${process.pid}`;
  const ip = (...words: readonly string[]) => execFileSync('ip', words);
  t.after(() => ip('link', 'delete', bridge));
  ip('link', 'add', bridge, 'type', 'bridge');
  ip('address', 'add', `10.214.${process.pid % 256}.1/24`, 'dev', bridge);
  ip('link', 'set', bridge, 'up');
  const found = machineNetworks().find((network) => network.interface === bridge);
  assert.equal(found && formatSubnet(found.subnet), `10.214.${process.pid % 256}.0/24`);
});
