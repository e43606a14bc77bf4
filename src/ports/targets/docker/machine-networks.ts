import { readFileSync } from 'node:fs';
import { endianness, networkInterfaces } from 'node:os';
import type { Subnet } from './subnet.ts';
import { parseSubnet } from './subnet.ts';

/** A network that a machine is part of, and the interface that leads there. */
export interface MachineNetwork {
  readonly subnet: Subnet;
  readonly interface: string;
}

/** A network of containers is so narrow: its own route goes before every wider one, such as a VPN's or the default route. */
const narrowPrefix = 24;

/**
 * What this machine is part of. Linux is asked for its routes too, for a bridge that no container is on counts as down and
 * is in no list of interfaces; yet its route takes the packets of whoever has the same addresses.
 */
export function machineNetworks(): readonly MachineNetwork[] {
  return [...interfaceNetworks(), ...parseRoutes(process.platform === 'linux' ? readRoutes() : '')];
}

/**
 * `/proc/net/route` (proc(5)): name, destination, gateway, flags …, mask in the eighth column; addresses as the machine keeps
 * them. Left out are wide ones, and what another machine forwards.
 */
export function parseRoutes(text: string): readonly MachineNetwork[] {
  const rows = text
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t').map((cell) => cell.trim()));
  return rows.flatMap(([name = '', destination = '', gateway = '', , , , , mask = '']) => {
    const [first, bits] = [readAddress(destination), readAddress(mask)];
    if (first === null || bits === null || readAddress(gateway) !== 0) return [];
    const prefix = 32 - Math.log2(2 ** 32 - bits);
    return prefix < narrowPrefix ? [] : [{ subnet: { first, prefix }, interface: name }];
  });
}

function readRoutes(): string {
  try {
    return readFileSync('/proc/net/route', 'utf8');
  } catch {
    return ''; // A kernel that hides it.
  }
}

function readAddress(hex: string): number | null {
  if (!/^[0-9A-F]{8}$/i.test(hex)) return null;
  const bytes = Buffer.from(hex, 'hex');
  return endianness() === 'LE' ? bytes.readUInt32LE(0) : bytes.readUInt32BE(0);
}

function interfaceNetworks(): readonly MachineNetwork[] {
  return Object.entries(networkInterfaces()).flatMap(([name, found]) =>
    (found ?? []).flatMap(({ cidr }) => {
      const subnet = parseSubnet(cidr ?? '');
      return subnet === null ? [] : [{ subnet, interface: name }];
    }),
  );
}
