import { LotseError } from '../core/errors.ts';
import type { RoutedEnvironment } from '../core/routing-document.ts';
import type { RevisionId, Scope } from '../core/ids.ts';
import type { TargetSlot } from '../ports/targets/targets.ts';
import { composeRouting, toldSlots, type AddressedSlot } from '../rollout/compose-routing.ts';
import type { EnvironmentState, SlotOrder } from '../rollout/environment-state.ts';
import type { Revision } from '../rollout/release.ts';
import type { RevisionPorts } from './bindings.ts';
import { namedAddresses, serviceOrder } from './orders.ts';
import type { EngineParts } from './parts.ts';

/** An order that was in doubt is given again so often, and for so long, in milliseconds. */
const repeatedMs = 30_000;
const latestMs = 600_000;

interface BoundRevision {
  readonly revision: Revision;
  readonly ports: RevisionPorts;
}

/**
 * Makes an environment what it is ordered to be: hands orders to the target and the routing document to the proxies,
 * again whenever what is seen has changed. It decides nothing.
 */
export class Reconciler {
  readonly #parts: EngineParts;
  readonly #scope: Scope;
  #published = '';
  /** What the proxies were told last, or may have been; null: they have nothing. Undefined: not known yet. */
  #told: RoutedEnvironment | null | undefined;
  /** Revisions that the proxies name for certain. */
  #named: readonly RevisionId[] = [];
  /** As last seen; null: nobody has looked since this control plane started. */
  #slots: readonly TargetSlot[] | null = null;
  #bound: ReadonlyMap<RevisionId, BoundRevision> = new Map();
  #learned = new Map<string, number>();
  /** Orders that the target has not been told of since this control plane started. */
  readonly #untold = new Set<string>();
  /** Of these an order may be under way that is older than the last one: when that is given again, and until when. */
  readonly #unsure = new Map<string, { readonly againMs: number; readonly untilMs: number }>();

  constructor(parts: EngineParts, scope: Scope) {
    this.#parts = parts;
    this.#scope = scope;
  }

  get slots(): readonly TargetSlot[] {
    return this.#slots ?? [];
  }

  /** After a start: all that is ordered is handed over again (levels, so nothing starts twice) by `keepOrders`. */
  handOver(orders: readonly SlotOrder[]): void {
    for (const order of orders) if (order.slots > 0) this.#untold.add(keyOf(order));
  }

  /** An order may take hold late, or after the one that followed it: the last one is given again. */
  doubt(order: Pick<SlotOrder, 'revision' | 'service'>): void {
    const now = this.#parts.clock.uptime();
    this.#untold.add(keyOf(order));
    this.#unsure.set(keyOf(order), { againMs: now + repeatedMs, untilMs: now + latestMs });
  }

  /** The same of the routes. */
  doubtRoutes(): void {
    this.#published = '';
  }

  /**
   * Repeats orders that the target has not been told of, or does not follow: copies run that nobody ordered, or that are
   * left over from a rollout before the last one, or some are missing where the target was slow to answer. One that fails
   * holds up no other, but all of them wait for a target that does not answer. Answers whether all could be handed over.
   */
  async keepOrders(state: EnvironmentState): Promise<boolean> {
    let areKept = true;
    for (const order of [...state.orders, ...leftOver(state.orders, this.slots)]) {
      if (this.#isKept(order)) continue;
      try {
        await this.order(order);
      } catch (error) {
        const environment = `${this.#scope.app}/${this.#scope.environment}`;
        this.#parts.log({ environment, during: `ordering ${order.service} of ${order.revision}`, error });
        areKept = false;
        if (error instanceof LotseError && error.code === 'timeout') break;
      }
    }
    return areKept;
  }

  #isKept(order: SlotOrder): boolean {
    const key = keyOf(order);
    if (this.#untold.has(key) || this.slots.some((slot) => isSurplus(slot, order))) return false;
    const unsure = this.#unsure.get(key);
    if (unsure === undefined) return true;
    if (this.#slots !== null && isShort(this.#slots, order)) return false;
    const now = this.#parts.clock.uptime();
    if (now >= unsure.untilMs) this.#unsure.delete(key);
    else if (now >= unsure.againMs) this.#unsure.set(key, { ...unsure, againMs: now + repeatedMs });
    return now < unsure.againMs || now >= unsure.untilMs;
  }

  /** Hands one order to the target. */
  async order(order: SlotOrder): Promise<void> {
    const { bindings, target, traffic } = this.#parts;
    const avoid = namedAddresses(await traffic.environments());
    const bound = this.#bound.get(order.revision)?.revision;
    const revision = bound ?? (await bindings.revision(this.#scope, order.revision));
    await target.ensure(await serviceOrder(bindings, this.#scope, revision, order, avoid));
    this.#untold.delete(keyOf(order));
    this.#parts.atPoint(`ensured ${order.service}`);
  }

  /** Looks at the slots. */
  async look(): Promise<readonly TargetSlot[]> {
    const slots = await this.#parts.target.observe(this.#scope);
    this.#slots = slots;
    await this.#learnFixedPorts(slots);
    return slots;
  }

  /**
   * Publishes what follows from orders and the last look, when it differs from what was published. Before the first look
   * what the proxies were told stands for it: who has seen nothing takes no instance from users.
   */
  async publish(state: EnvironmentState): Promise<void> {
    const routing = await this.#compose(state, await this.#toldSoFar());
    const text = JSON.stringify(routing);
    if (text === this.#published) return;
    const before = this.#named;
    // Also where the answer is lost: it may be in force all the same.
    this.#told = routing;
    await this.#parts.traffic.publish([routing]);
    this.#published = text;
    this.#parts.atPoint('published');
    this.#named = routing.revisions.map((each) => each.revision);
    for (const gone of before.filter((revision) => !this.#named.includes(revision))) {
      await this.#parts.bindings.release(this.#scope, gone);
    }
  }

  /** After a start it is what the document in force says. */
  async #toldSoFar(): Promise<RoutedEnvironment | null> {
    if (this.#told !== undefined) return this.#told;
    const { app, environment } = this.#scope;
    const known = await this.#parts.traffic.environments();
    this.#told = known.find((e) => e.app === app && e.environment === environment) ?? null;
    this.#named = this.#told?.revisions.map((each) => each.revision) ?? [];
    return this.#told;
  }

  async #compose(state: EnvironmentState, told: RoutedEnvironment | null): Promise<RoutedEnvironment> {
    const slots = this.#slots ?? toldSlots(told);
    const bound = await this.#bind(state, slots);
    const door = await this.#parts.bindings.frontDoor(this.#scope);
    return composeRouting({
      scope: this.#scope,
      domains: door.domains,
      previewDomains: door.previewDomains,
      https: door.https,
      port: door.port,
      state,
      revisions: new Map([...bound].map(([id, { revision }]) => [id, revision])),
      slots,
      told,
      pinnedPort: (revision) => bound.get(revision)?.ports.pinned ?? null,
      internalPort: (revision, service) => bound.get(revision)?.ports.internal[service] ?? null,
      inner: (revision) => bound.get(revision)?.ports.inner ?? null,
    });
  }

  /** What the routes may name, with its ports. Neither changes while it is named, so each is asked once. */
  async #bind(
    state: EnvironmentState,
    slots: readonly AddressedSlot[],
  ): Promise<ReadonlyMap<RevisionId, BoundRevision>> {
    const shares = state.level.kind === 'shares' || state.level.kind === 'paused' ? state.level.shares : [];
    const ids = new Set([
      ...state.orders.filter((order) => order.slots > 0).map((order) => order.revision),
      ...slots.map((slot) => slot.revision),
      ...shares.map((share) => share.revision),
    ]);
    const found = new Map<RevisionId, BoundRevision>();
    for (const id of ids) found.set(id, this.#bound.get(id) ?? (await this.#bindOne(id)));
    this.#bound = found;
    return found;
  }

  async #bindOne(id: RevisionId): Promise<BoundRevision> {
    const { bindings } = this.#parts;
    const revision = await bindings.revision(this.#scope, id);
    return { revision, ports: await bindings.ports(this.#scope, revision) };
  }

  async #learnFixedPorts(slots: readonly TargetSlot[]): Promise<void> {
    for (const { service, fixedPort } of slots) {
      if (fixedPort === null || this.#learned.get(service) === fixedPort) continue;
      await this.#parts.bindings.learnFixedPort(this.#scope, service, fixedPort);
      this.#learned.set(service, fixedPort);
    }
  }
}

const keyOf = ({ revision, service }: Pick<SlotOrder, 'revision' | 'service'>): string => `${revision}/${service}`;

/** What runs though nobody speaks of it any more: the rollout that should have stopped it ended without. */
function leftOver(orders: readonly SlotOrder[], slots: readonly TargetSlot[]): readonly SlotOrder[] {
  const known = new Set(orders.map(keyOf));
  const left = new Map<string, SlotOrder>();
  for (const { revision, service } of slots) {
    const order: SlotOrder = { revision, service, slots: 0, claim: null };
    if (!known.has(keyOf(order))) left.set(keyOf(order), order);
  }
  return [...left.values()];
}

function isSurplus(slot: TargetSlot, order: SlotOrder): boolean {
  const isOfIt = slot.revision === order.revision && slot.service === order.service;
  return isOfIt && slot.state !== 'stopping' && slot.slot >= order.slots;
}

function isShort(slots: readonly TargetSlot[], { revision, service, slots: ordered }: SlotOrder): boolean {
  const own = slots.filter((slot) => slot.revision === revision && slot.service === service);
  return own.filter((slot) => slot.state !== 'stopping').length < ordered;
}
