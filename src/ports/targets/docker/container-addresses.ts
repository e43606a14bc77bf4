import { LotseError } from '../../../core/errors.ts';
import { chainOf } from '../../../core/ids.ts';
import type { Address } from '../../../core/routing-document.ts';
import type { ServiceOrder } from '../targets.ts';
import type { Addresses } from '../slots/slot-machine.ts';
import { readText, writeDurably } from '../slots/state-files.ts';
import type { EnvironmentNetwork, EnvironmentNetworks } from './environment-networks.ts';
import { contains, formatSubnet, ipAt, sizeOf } from './subnet.ts';

/** Number 0 is the network itself, 1 the gateway, the last one the broadcast. */
const firstOffset = 2;
/** Of services that name no port of their own. */
export const defaultPort = 3000;

/**
 * Gives each slot an IP of its environment's network, fixed for all its attempts. The place where the search goes on is
 * kept on the disk before an address is given, so that one that was given back comes round again only after all others,
 * whatever restarts in between.
 */
export class ContainerAddresses implements Addresses {
  readonly #networks: EnvironmentNetworks;
  readonly #file: string;
  readonly #given = new Set<string>();
  readonly #next: Map<string, number>;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(networks: EnvironmentNetworks, file: string, next: ReadonlyMap<string, number>) {
    this.#networks = networks;
    this.#file = file;
    this.#next = new Map(next);
  }

  claim(address: Address): void {
    this.#given.add(address.host);
  }

  giveBack(address: Address): void {
    this.#given.delete(address.host);
  }

  async take(order: ServiceOrder): Promise<Address> {
    const taken = this.#turn.then(() => this.#takeNext(order));
    this.#turn = taken.catch(() => undefined);
    return await taken;
  }

  async isFree(address: Address, order: ServiceOrder): Promise<boolean> {
    const { network, inUse } = await this.#networks.look(order);
    return contains(network.subnet, address.host) && !inUse.has(address.host);
  }

  async #takeNext(order: ServiceOrder): Promise<Address> {
    const { network, inUse } = await this.#networks.look(order);
    const avoided = new Set(order.avoid.map(({ host }) => host));
    const count = sizeOf(network.subnet) - firstOffset - 1;
    const begin = this.#next.get(network.name) ?? 0;
    for (let step = 0; step < count; step++) {
      const index = (begin + step) % count;
      const host = ipAt(network.subnet, firstOffset + index);
      if (host === network.gateway || this.#given.has(host) || avoided.has(host) || inUse.has(host)) continue;
      return await this.#give(network, host, (index + 1) % count, order);
    }
    throw new LotseError(
      'port-taken',
      `Every address of ${formatSubnet(network.subnet)}, the network of ${chainOf(order)}, is in use.`,
      { hint: 'Order fewer instances, or wait until old ones have ended.', retriable: true },
    );
  }

  async #give(network: EnvironmentNetwork, host: string, next: number, order: ServiceOrder): Promise<Address> {
    this.#next.set(network.name, next);
    await writeDurably(this.#file, `${JSON.stringify(Object.fromEntries(this.#next))}\n`);
    this.#given.add(host);
    return { host, port: order.definition.port ?? defaultPort };
  }
}

export async function openContainerAddresses(networks: EnvironmentNetworks, file: string): Promise<ContainerAddresses> {
  const text = await readText(file);
  return new ContainerAddresses(networks, file, parseNext(text ?? '{}'));
}

function parseNext(text: string): ReadonlyMap<string, number> {
  return new Map(Object.entries(JSON.parse(text) as Record<string, number>)); // parsed: written by this file only
}
