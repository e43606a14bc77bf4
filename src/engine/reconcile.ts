import type { RoutedEnvironment } from '../core/routing-document.ts';
import type { RevisionId, Scope } from '../core/ids.ts';
import type { TargetSlot } from '../ports/targets/targets.ts';
import { composeRouting } from '../rollout/compose-routing.ts';
import type { EnvironmentState, SlotOrder } from '../rollout/environment-state.ts';
import type { Revision } from '../rollout/release.ts';
import type { RevisionPorts } from './bindings.ts';
import { namedAddresses, serviceOrder } from './orders.ts';
import type { EngineParts } from './parts.ts';

/**
 * Makes an environment what it is ordered to be: hands orders to the target and the routing document to the proxies,
 * again whenever what is seen has changed. It decides nothing.
 */
export class Reconciler {
  readonly #parts: EngineParts;
  readonly #scope: Scope;
  #published = '';
  /** Revisions that the proxies name; null before the first publication of this control plane. */
  #named: readonly RevisionId[] | null = null;
  #slots: readonly TargetSlot[] = [];
  #learned = new Map<string, number>();
  /** Orders that the target has not been told of since this control plane started. */
  readonly #untold = new Set<string>();

  constructor(parts: EngineParts, scope: Scope) {
    this.#parts = parts;
    this.#scope = scope;
  }

  get slots(): readonly TargetSlot[] {
    return this.#slots;
  }

  /** After a start: all that is ordered is handed over again (levels, so nothing starts twice) by `keepOrders`. */
  handOver(orders: readonly SlotOrder[]): void {
    for (const order of orders) if (order.slots > 0) this.#untold.add(keyOf(order));
  }

  /**
   * Repeats orders that the target has not been told of, or does not follow: copies run that nobody ordered. One that
   * fails holds up no other. Answers whether all could be handed over.
   */
  async keepOrders(state: EnvironmentState): Promise<boolean> {
    let areKept = true;
    for (const order of state.orders) {
      if (!this.#untold.has(keyOf(order)) && !this.#slots.some((slot) => isSurplus(slot, order))) continue;
      try {
        await this.order(order);
      } catch (error) {
        const environment = `${this.#scope.app}/${this.#scope.environment}`;
        this.#parts.log({ environment, during: `ordering ${order.service} of ${order.revision}`, error });
        areKept = false;
      }
    }
    return areKept;
  }

  /** Hands one order to the target. */
  async order(order: SlotOrder): Promise<void> {
    const avoid = namedAddresses(await this.#parts.traffic.environments());
    await this.#parts.target.ensure(await serviceOrder(this.#parts.bindings, this.#scope, order, avoid));
    this.#untold.delete(keyOf(order));
    this.#parts.atPoint(`ensured ${order.service}`);
  }

  /** Looks at the slots. */
  async look(): Promise<readonly TargetSlot[]> {
    this.#slots = await this.#parts.target.observe(this.#scope);
    await this.#learnFixedPorts();
    return this.#slots;
  }

  /** Publishes what follows from orders and the last look, when it differs from what was published. */
  async publish(state: EnvironmentState): Promise<void> {
    const routing = await this.#compose(state);
    const text = JSON.stringify(routing);
    if (text === this.#published) return;
    const before = this.#named ?? (await this.#namedByProxy());
    await this.#parts.traffic.publish([routing]);
    this.#published = text;
    this.#parts.atPoint('published');
    this.#named = routing.revisions.map((each) => each.revision);
    for (const gone of before.filter((revision) => !this.#named?.includes(revision))) {
      await this.#parts.bindings.release(this.#scope, gone);
    }
  }

  /** Revisions that the routing document in force names, e.g. from before a restart. */
  async #namedByProxy(): Promise<readonly RevisionId[]> {
    const { app, environment } = this.#scope;
    const known = (await this.#parts.traffic.environments()).find(
      (e) => e.app === app && e.environment === environment,
    );
    return known?.revisions.map((each) => each.revision) ?? [];
  }

  async #compose(state: EnvironmentState): Promise<RoutedEnvironment> {
    const { bindings } = this.#parts;
    const revisions = await this.#revisions(state);
    const ports = new Map<RevisionId, RevisionPorts>();
    for (const revision of revisions.values()) ports.set(revision.id, await bindings.ports(this.#scope, revision));
    const door = await bindings.frontDoor(this.#scope);
    return composeRouting({
      scope: this.#scope,
      domains: door.domains,
      port: door.port,
      state,
      revisions,
      slots: this.#slots,
      pinnedPort: (revision) => ports.get(revision)?.pinned ?? null,
      internalPort: (revision, service) => ports.get(revision)?.internal[service] ?? null,
    });
  }

  async #revisions(state: EnvironmentState): Promise<ReadonlyMap<RevisionId, Revision>> {
    const shares = state.level.kind === 'shares' || state.level.kind === 'paused' ? state.level.shares : [];
    const ids = new Set([
      ...state.orders.filter((order) => order.slots > 0).map((order) => order.revision),
      ...this.#slots.map((slot) => slot.revision),
      ...shares.map((share) => share.revision),
    ]);
    const found = new Map<RevisionId, Revision>();
    for (const id of ids) found.set(id, await this.#parts.bindings.revision(this.#scope, id));
    return found;
  }

  async #learnFixedPorts(): Promise<void> {
    for (const { service, fixedPort } of this.#slots) {
      if (fixedPort === null || this.#learned.get(service) === fixedPort) continue;
      await this.#parts.bindings.learnFixedPort(this.#scope, service, fixedPort);
      this.#learned.set(service, fixedPort);
    }
  }
}

const keyOf = ({ revision, service }: SlotOrder): string => `${revision}/${service}`;

function isSurplus(slot: TargetSlot, order: SlotOrder): boolean {
  const isOfIt = slot.revision === order.revision && slot.service === order.service;
  return isOfIt && slot.state !== 'stopping' && slot.slot >= order.slots;
}
