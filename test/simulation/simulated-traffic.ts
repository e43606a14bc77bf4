import { LotseError } from '../../src/core/errors.ts';
import type { AddressStatus, RoutedEnvironment, RoutedService } from '../../src/core/routing-document.ts';
import type { LiveQuestion } from '../../src/ports/traffic/traffic.ts';
import type { ObservedAnswers } from '../../src/rollout/facts.ts';
import { TrafficFlow } from './traffic-flow.ts';
import { releaseZero } from '../../src/rollout/release-zero.ts';
import type { World } from './world.ts';

/** A proxy as the port describes it. Requests that were open when an instance began to drain go on for a while. */
export class SimulatedTraffic {
  readonly #world: World;
  readonly flow: TrafficFlow;
  #routing: RoutedEnvironment | null = null;
  #fence = 0;
  #version = 0;
  readonly #openUntil = new Map<number, number>();

  constructor(world: World) {
    this.#world = world;
    this.flow = new TrafficFlow(world);
  }

  get routing(): RoutedEnvironment | null {
    return this.#routing;
  }

  /** The highest fencing token that it has seen. */
  get fence(): number {
    return this.#fence;
  }

  /** `version`: grows with each document of one control plane; one that comes after a newer one changes nothing. */
  publish({ fence, version }: { fence: number; version: number }, routing: RoutedEnvironment): void {
    if (fence < this.#fence) throw new LotseError('fenced-off', 'a newer control plane has taken over');
    if (fence === this.#fence && version < this.#version) return;
    this.#fence = fence;
    this.#version = version;
    const before = this.#routing;
    if (before !== null && routing.epoch < before.epoch) this.#world.violate('an epoch went backwards');
    this.#routing = routing;
    this.flow.follow(routing);
    const still = new Set(accepting(routing));
    for (const port of before === null ? [] : accepting(before)) {
      if (still.has(port)) continue;
      this.#openUntil.set(port, this.#world.time.now + this.#world.lasts(0, 800, 'open', port));
    }
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
    if (routing?.mode.kind === 'adopted') return releaseZero.revision;
    if (routing === null || routing.mode.kind !== 'serving') return null;
    const revision = routing.shares.findLast((share) => share.permille > 0)?.revision;
    return revision !== undefined && this.reaches(revision) ? revision : null;
  }

  /** Does a request to this revision find an instance that is really up, for each of its services? */
  reaches(revision: string): boolean {
    const routed = this.#routing?.revisions.find((each) => each.revision === revision);
    return routed !== undefined && routed.services.every((service) => this.hasUp(service));
  }

  /** Does it name an instance that is really up? */
  hasUp(service: RoutedService): boolean {
    return service.instances.some((each) => each.state === 'accepting' && this.#world.target.isUpAt(each.address.port));
  }

  addresses(): readonly AddressStatus[] {
    const busy = this.#routing === null ? [] : accepting(this.#routing);
    const { now } = this.#world.time;
    const finishing: number[] = [];
    for (const [port, until] of this.#openUntil) {
      if (until > now) finishing.push(port);
      else this.#openUntil.delete(port);
    }
    return [...new Set([...busy, ...finishing])].map((port) => ({
      address: { host: '127.0.0.1', port },
      activeRequests: 1,
      upgradedConnections: 0,
      ejected: false,
      problem: null,
    }));
  }
}

function accepting(routing: RoutedEnvironment): readonly number[] {
  const ports: number[] = [];
  for (const { services } of routing.revisions)
    for (const { instances } of services)
      for (const { state, address } of instances) if (state === 'accepting') ports.push(address.port);
  return ports;
}
