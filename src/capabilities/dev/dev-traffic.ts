import type { Address, RoutedEnvironment } from '../../core/routing-document.ts';
import { toLotseError } from '../../core/errors.ts';
import type { Scope, ServiceName } from '../../core/ids.ts';
import type { TrafficRouter } from '../../ports/traffic/traffic.ts';
import type { DevEvent } from './dev-events.ts';
import type { DevService } from './dev-service.ts';
import { devPorts, findFreePort } from './free-ports.ts';
import { routeWorkingTree, type RoutableService } from './route-working-tree.ts';

export interface TrafficWishes {
  readonly router: TrafficRouter;
  readonly scope: Scope;
  /** The app's own port, for tools that do not resolve its name. */
  readonly port: number;
  readonly report: (event: DevEvent) => void;
}

/** Tells the proxy where the working tree's services are. An app without a web service never needs one. */
export class DevTraffic {
  readonly #wishes: TrafficWishes;
  readonly #internalPorts = new Map<ServiceName, number>();
  #published: RoutedEnvironment | null = null;
  #turn: Promise<void> = Promise.resolve();
  #problem: string | null = null;

  constructor(wishes: TrafficWishes) {
    this.#wishes = wishes;
  }

  /** Where the others reach a service; the same for the whole session. Error: `port-taken`. */
  async internalPort(service: ServiceName): Promise<number> {
    const known = this.#internalPorts.get(service);
    if (known !== undefined) return known;
    const { scope } = this.#wishes;
    const name = `${scope.app}/${service}`;
    const port = await findFreePort(devPorts.internal, name, '127.0.0.1', [...this.#internalPorts.values()]);
    this.#internalPorts.set(service, port);
    return port;
  }

  /** Addresses that the proxy knows: no other instance may get them. */
  named(): readonly Address[] {
    const services = this.#published?.revisions.flatMap((revision) => revision.services) ?? [];
    return services.flatMap((service) => service.instances.map((instance) => instance.address));
  }

  /** Tells the proxy what has changed, one change at a time. What fails is said, and tried again at the next look. */
  async follow(domains: readonly string[], services: readonly DevService[]): Promise<void> {
    this.#turn = this.#turn.then(() => this.#publish(domains, services));
    await this.#turn;
  }

  async #publish(domains: readonly string[], services: readonly DevService[]): Promise<void> {
    const { router, scope, port, report } = this.#wishes;
    const web = services.flatMap((service) => this.#routable(service));
    if (web.length === 0 && this.#published === null) return;
    const next = routeWorkingTree({ scope, domains, port, services: web });
    if (JSON.stringify(next) === JSON.stringify(this.#published)) return;
    try {
      await router.publish([next]);
      this.#published = next;
      this.#problem = null;
    } catch (thrown) {
      const { message } = toLotseError(thrown);
      if (message !== this.#problem) report({ event: 'note', service: null, text: `The proxy: ${message}` });
      this.#problem = message;
    }
  }

  #routable({ name, wanted, phase, comingForMs, slots }: DevService): readonly RoutableService[] {
    const internalPort = this.#internalPorts.get(name);
    if (wanted?.definition.kind !== 'web' || internalPort === undefined) return [];
    return [{ definition: wanted.definition, phase, comingForMs, slots, internalPort }];
  }
}
