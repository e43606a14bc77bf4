import { BlockList, isIP } from 'node:net';

/** An address or a network (`10.0.0.0/8`), compiled for looking up. */
export class Network {
  readonly #addresses = new BlockList();

  constructor(network: string) {
    const [address = '', bits] = network.split('/');
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    if (bits === undefined) this.#addresses.addAddress(address, family);
    else this.#addresses.addSubnet(address, Number(bits), family);
  }

  /** IPv4 addresses that are written as IPv6 ones (`::ffff:10.0.0.1`) count as IPv4; what is no address is nowhere. */
  has(address: string): boolean {
    const family = isIP(address);
    if (family === 0 || address.includes('%')) return false;
    return this.#addresses.check(address, family === 4 ? 'ipv4' : 'ipv6');
  }
}
