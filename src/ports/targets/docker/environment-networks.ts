import { createHash } from 'node:crypto';
import { LotseError } from '../../../core/errors.ts';
import type { Scope } from '../../../core/ids.ts';
import { chainOf } from '../../../core/ids.ts';
import type { DockerEngine } from '../../../docker-engine/docker-engine.ts';
import { EngineError } from '../../../docker-engine/engine-errors.ts';
import type { NetworkDetails } from '../../../docker-engine/engine-shapes.ts';
import { labelNames, stateLabel } from './container-names.ts';
import { isFailure } from './engine-sight.ts';
import type { MachineNetwork } from './machine-networks.ts';
import type { Subnet } from './subnet.ts';
import { formatSubnet, ipAt, overlap, parseSubnet, sizeOf } from './subnet.ts';

/** Each environment gets so much of the range: 250 slots at once. */
const environmentPrefix = 24;
const mostTries = 32;
const lookTimeoutMs = 10_000;
/** The engine calls a bridge `br-` and so much of the network's id. */
const shortIdLength = 12;

/** The bridge network of one environment. */
export interface EnvironmentNetwork {
  readonly name: string;
  readonly subnet: Subnet;
  /** The machine's own address in it: what listens there is reached from all containers of the environment. */
  readonly gateway: string;
}

/**
 * One bridge network for each environment, made when it is first needed. The engine lets nothing pass from one bridge to
 * another. Its subnet is chosen here, for only then does the engine give out the addresses that it is told.
 */
export class EnvironmentNetworks {
  readonly #engine: DockerEngine;
  readonly #state: string;
  readonly #range: Subnet;
  readonly #machineNetworks: () => readonly MachineNetwork[];
  #turn: Promise<unknown> = Promise.resolve();

  /** `machineNetworks`: what the engine's machine is part of, as far as it can be known. */
  constructor(engine: DockerEngine, state: string, range: Subnet, machineNetworks: () => readonly MachineNetwork[]) {
    this.#engine = engine;
    this.#state = state;
    this.#range = range;
    this.#machineNetworks = machineNetworks;
  }

  /** The network, made if it is not there. Errors: `unreachable`, `timeout`, `port-taken` (the range has no room left). */
  async of(scope: Scope): Promise<EnvironmentNetwork> {
    return (await this.look(scope)).network;
  }

  /** The same, with the addresses that containers have in it now. */
  async look(scope: Scope): Promise<{ readonly network: EnvironmentNetwork; readonly inUse: ReadonlySet<string> }> {
    const name = this.#nameOf(scope);
    const found = await this.#inspect(name);
    if (found === null) return { network: await this.#makeInTurn(name, scope), inUse: new Set() };
    const addresses = Object.values(found.Containers ?? {}).map(({ IPv4Address }) => IPv4Address.split('/')[0] ?? '');
    return { network: readNetwork(found), inUse: new Set(addresses) };
  }

  /**
   * Takes away the networks of environments that are idle now and were before (names). One that a container is on stays.
   * Answers with those that are idle now.
   */
  async removeIdle(isBusy: (scope: Scope) => boolean, wereIdle: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const own = await this.#engine.networks.list({ label: [`${stateLabel}=${this.#state}`] });
    const idle = own.filter(({ Labels }) => {
      return !isBusy({ app: Labels?.[labelNames.app] ?? '', environment: Labels?.[labelNames.environment] ?? '' });
    });
    for (const { Name } of idle) {
      if (wereIdle.has(Name)) await this.#engine.networks.remove(Name).catch(() => undefined);
    }
    return new Set(idle.map(({ Name }) => Name));
  }

  #nameOf(scope: Scope): string {
    return ['lotse', this.#state, scope.app, scope.environment].join('-');
  }

  async #inspect(name: string): Promise<NetworkDetails | null> {
    try {
      return await this.#engine.networks.inspect(name, { timeoutMs: lookTimeoutMs });
    } catch (error) {
      if (isFailure(error, 'not-found')) return null;
      throw error;
    }
  }

  /** One after the other: two that are made at once would choose the same subnet. */
  async #makeInTurn(name: string, scope: Scope): Promise<EnvironmentNetwork> {
    const made = this.#turn.then(() => this.#findOrMake(name, scope));
    this.#turn = made.catch(() => undefined);
    return await made;
  }

  async #findOrMake(name: string, scope: Scope): Promise<EnvironmentNetwork> {
    const networks = await this.#engine.networks.list();
    const found = networks.find((network) => network.Name === name);
    if (found !== undefined) return readNetwork(found);
    const taken = [...networks.flatMap(subnetsOf), ...this.#machineNetworks().map(({ subnet }) => subnet)];
    for (const subnet of this.#candidates(name, taken)) {
      const made = await this.#make(name, subnet, scope);
      if (made !== null) return made;
    }
    throw new LotseError(
      'port-taken',
      `${formatSubnet(this.#range)} has no room for the network of ${chainOf(scope)}.`,
      {
        hint: 'Give Lotse another range of addresses for containers, or remove networks that nobody needs.',
        retriable: true,
      },
    );
  }

  /** Null: somebody else has these addresses. */
  async #make(name: string, subnet: Subnet, scope: Scope): Promise<EnvironmentNetwork | null> {
    const gateway = ipAt(subnet, 1);
    try {
      const id = await this.#engine.networks.create({
        Name: name,
        Driver: 'bridge',
        Labels: {
          [stateLabel]: this.#state,
          [labelNames.app]: scope.app,
          [labelNames.environment]: scope.environment,
        },
        IPAM: { Config: [{ Subnet: formatSubnet(subnet), Gateway: gateway }] },
      });
      if (!this.#isShared(subnet, id)) return { name, subnet, gateway };
      await this.#engine.networks.remove(id);
      return null;
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      if (error.failure === 'conflict') return readNetwork(await this.#engine.networks.inspect(name));
      if (/overlap/i.test(error.message)) return null;
      throw error;
    }
  }

  /** Another engine of this machine may have chosen the same at the same moment, and neither knows of the other's. */
  #isShared(subnet: Subnet, id: string): boolean {
    const own = `br-${id.slice(0, shortIdLength)}`;
    return this.#machineNetworks().some((other) => other.interface !== own && overlap(subnet, other.subnet));
  }

  /** Start and step are hashed: two state folders on one machine hardly ever meet, and having met part again. */
  *#candidates(name: string, taken: readonly Subnet[]): Generator<Subnet> {
    const size = 2 ** (32 - environmentPrefix);
    const count = Math.max(1, sizeOf(this.#range) / size);
    const hash = createHash('sha256').update(name).digest();
    const [start, halfStep] = [hash.readUInt32BE(0), hash.readUInt16BE(4)];
    let tries = 0;
    for (let index = 0; index < count && tries < mostTries; index++) {
      // The count is a power of two, so an odd step comes by each place once.
      const first = this.#range.first + ((start + index * (2 * halfStep + 1)) % count) * size;
      const subnet = { first, prefix: Math.max(environmentPrefix, this.#range.prefix) };
      if (taken.some((other) => overlap(subnet, other))) continue;
      tries++;
      yield subnet;
    }
  }
}

function readNetwork(network: NetworkDetails): EnvironmentNetwork {
  const config = network.IPAM.Config?.find((found) => found.Subnet !== undefined && parseSubnet(found.Subnet) !== null);
  const subnet = parseSubnet(config?.Subnet ?? '');
  if (subnet === null) {
    throw new LotseError('conflict', `The Docker network ${network.Name} has no IPv4 subnet.`, {
      hint: `Remove it (docker network rm ${network.Name}): Lotse makes it anew.`,
    });
  }
  return { name: network.Name, subnet, gateway: config?.Gateway ?? ipAt(subnet, 1) };
}

function subnetsOf(network: NetworkDetails): readonly Subnet[] {
  const texts = (network.IPAM.Config ?? []).map((config) => config.Subnet ?? '');
  return texts.map(parseSubnet).filter((subnet) => subnet !== null);
}
