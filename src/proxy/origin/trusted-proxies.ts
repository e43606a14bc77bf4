import { isIP } from 'node:net';
import type { TrustedProxy } from '../../core/routing-document.ts';
import { Network } from './network.ts';

interface CompiledNetwork {
  readonly network: Network;
  readonly protocol: TrustedProxy['protocol'];
}

/** Who is believed about clients, compiled for looking up. */
export class TrustedProxies {
  /** The narrowest network first, so that it decides where networks overlap. */
  readonly #networks: readonly CompiledNetwork[];

  constructor(networks: readonly TrustedProxy[]) {
    this.#networks = networks
      .map((trusted) => ({ ...trusted, bits: bitsOf(trusted.network) }))
      .sort((a, b) => b.bits - a.bits || (a.protocol === 'proxy-v2' ? -1 : 1))
      .map(({ network, protocol }) => ({ network: new Network(network), protocol }));
  }

  /**
   * How the proxy at this IP address speaks; null for everybody who is not believed. Between equal networks `proxy-v2`
   * wins: it is the stricter one.
   */
  protocolOf(address: string): TrustedProxy['protocol'] | null {
    return this.#networks.find(({ network }) => network.has(address))?.protocol ?? null;
  }
}

/** Length of the prefix, counted as in IPv6. */
function bitsOf(network: string): number {
  const [address = '', bits] = network.split('/');
  const isOld = isIP(address) === 4;
  return Number(bits ?? (isOld ? 32 : 128)) + (isOld ? 96 : 0);
}
