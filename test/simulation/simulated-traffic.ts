import { LotseError } from '../../src/core/errors.ts';
import type { AddressStatus, ProxyStatus, RoutedEnvironment } from '../../src/core/routing-document.ts';
import type { LiveQuestion } from '../../src/ports/traffic/traffic.ts';
import type { ObservedAnswers } from '../../src/rollout/facts.ts';
import type { World } from './world.ts';

/** A proxy as the port describes it. Requests that were open when an instance began to drain go on for a while. */
export class SimulatedTraffic {
  readonly #world: World;
  #routing: RoutedEnvironment | null = null;
  #fence = 0;
  readonly #openUntil = new Map<number, number>();

  constructor(world: World) {
    this.#world = world;
  }

  get routing(): RoutedEnvironment | null {
    return this.#routing;
  }

  publish(fence: number, environments: readonly RoutedEnvironment[]): void {
    if (fence < this.#fence) throw new LotseError('fenced-off', 'a newer control plane has taken over');
    this.#fence = fence;
    const before = this.#routing;
    const [routing] = environments;
    if (routing === undefined) return;
    if (before !== null && routing.epoch < before.epoch) this.#world.violate('an epoch went backwards');
    this.#routing = routing;
    const still = new Set(accepting(routing));
    for (const port of before === null ? [] : accepting(before)) {
      if (still.has(port)) continue;
      this.#openUntil.set(port, this.#world.time.now + this.#world.lasts(0, 2_500, 'open', port));
    }
  }

  environments(): readonly RoutedEnvironment[] {
    return this.#routing === null ? [] : [this.#routing];
  }

  status(): ProxyStatus {
    const status = { pid: 1, proxyStart: 'one', controlProtocol: 1, version: 1, confirmed: true, workers: [] } as const;
    const more = { heldRequests: 0, problems: [], journalHeads: {} };
    return { ...status, ...more, fence: this.#fence, addresses: this.#addresses() };
  }

  /** Bucket 0 of the newest share. */
  prove(question: LiveQuestion): ObservedAnswers {
    const revision = this.answering();
    if (revision === question.revision) return { revision, inARow: question.times, problem: null };
    return { revision: question.revision, inARow: 0, problem: `answered by ${revision ?? 'nobody'}` };
  }

  /** The revision that answers the newest bucket; null: the maintenance page, a held request or a 502. */
  answering(): string | null {
    const routing = this.#routing;
    if (routing === null || routing.mode.kind !== 'serving') return null;
    const revision = routing.shares.findLast((share) => share.permille > 0)?.revision;
    return revision !== undefined && this.reaches(revision) ? revision : null;
  }

  /** Does a request to this revision find an instance that is really up, for each of its services? */
  reaches(revision: string): boolean {
    const routed = this.#routing?.revisions.find((each) => each.revision === revision);
    if (routed === undefined) return false;
    const slots = this.#world.target.observe();
    const isUp = (port: number) => slots.some((slot) => slot.address?.port === port && slot.state === 'ready');
    return routed.services.every((service) =>
      service.instances.some((each) => each.state === 'accepting' && isUp(each.address.port)),
    );
  }

  #addresses(): readonly AddressStatus[] {
    const busy = this.#routing === null ? [] : accepting(this.#routing);
    const { now } = this.#world.time;
    const finishing = [...this.#openUntil].filter(([, until]) => until > now).map(([port]) => port);
    return [...new Set([...busy, ...finishing])].map((port) => ({
      address: { host: '127.0.0.1', port },
      activeRequests: 1,
      upgradedConnections: 0,
      ejected: false,
    }));
  }
}

function accepting(routing: RoutedEnvironment): readonly number[] {
  const services = routing.revisions.flatMap((revision) => revision.services);
  const instances = services.flatMap((service) => service.instances);
  return instances.filter((each) => each.state === 'accepting').map((each) => each.address.port);
}
