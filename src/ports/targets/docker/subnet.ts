/** An IPv4 network: addresses as numbers. */
export interface Subnet {
  readonly first: number;
  readonly prefix: number;
}

/** `10.213.0.0/16`; null when the text is none. */
export function parseSubnet(text: string): Subnet | null {
  const [address = '', prefix = ''] = text.split('/');
  const first = numberOf(address);
  const bits = Number(prefix);
  if (first === null || !/^\d+$/.test(prefix) || bits > 32) return null;
  return { first: first - (first % sizeOf({ first, prefix: bits })), prefix: bits };
}

export function formatSubnet(subnet: Subnet): string {
  return `${formatIp(subnet.first)}/${subnet.prefix}`;
}

export function sizeOf(subnet: Subnet): number {
  return 2 ** (32 - subnet.prefix);
}

export function overlap(one: Subnet, other: Subnet): boolean {
  return one.first < other.first + sizeOf(other) && other.first < one.first + sizeOf(one);
}

export function contains(subnet: Subnet, ip: string): boolean {
  const address = numberOf(ip);
  return address !== null && address >= subnet.first && address < subnet.first + sizeOf(subnet);
}

/** The address with that number inside the subnet. */
export function ipAt(subnet: Subnet, offset: number): string {
  return formatIp(subnet.first + offset);
}

function numberOf(ip: string): number | null {
  const parts = ip.split('.').map(Number);
  if (parts.length !== 4 || !parts.every((part) => Number.isInteger(part) && part >= 0 && part < 256)) return null;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

function formatIp(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}
