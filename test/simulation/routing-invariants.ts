import type { RoutedEnvironment, Share } from '../../src/core/routing-document.ts';
import type { TargetSlot } from '../../src/ports/targets/targets.ts';
import type { EnvironmentState } from '../../src/rollout/environment-state.ts';
import { webServices } from '../../src/rollout/release.ts';
import type { WrittenEvent } from '../../src/rollout/rollout-events.ts';
import type { RolloutState } from '../../src/rollout/rollout-state.ts';
import type { World } from './world.ts';

/** What is published to proxies fits what is ordered and what is known of the slots. */
export class RoutingInvariants {
  readonly #world: World;
  #isVerified = false;
  /** The new revision of a rollout whose users are all back: nobody is sent there any more. */
  #left: string | null = null;

  constructor(world: World) {
    this.#world = world;
  }

  follow(event: WrittenEvent, state: RolloutState | null): void {
    if (event.type === 'rollout-planned') this.#isVerified = false;
    if (event.type === 'rollout-planned' || event.type === 'rollout-ended') this.#left = null;
    if (event.type === 'rollout-ended' && event.payload.end === 'returned')
      this.#left = state?.plan.to.revision ?? null;
    if (event.type !== 'step-done') return;
    if (event.payload.step === 'verify-before') this.#isVerified = true;
    if (event.payload.direction === 'back' && isReturn(event.payload.step, state))
      this.#left = state?.plan.to.revision ?? null;
  }

  /** `slots`: null while the control plane has not looked. */
  published(routing: RoutedEnvironment, slots: readonly TargetSlot[] | null): void {
    if (routing.mode.kind !== 'serving') return;
    if (slots === null) return this.#checkBlind(routing);
    const { level, serving, previous, standby } = this.#environment;
    const ordered = level.kind === 'shares' ? level.shares : [];
    const known = [serving, previous].flatMap((each) => (each === null ? [] : [each.revision]));
    const mayServe = [
      ...new Set([...ordered.map((share) => share.revision), ...known, ...(standby === null ? [] : [standby])]),
    ];
    for (const share of routing.shares) {
      if (share.permille === 0) continue;
      this.#checkShare(share, { ordered, mayServe, slots });
      this.#checkProven(share.revision);
      this.#checkInstances(routing, share.revision, slots);
    }
    const total = routing.shares.reduce((sum, share) => sum + share.permille, 0);
    if (total !== 1000) this.#world.violate(`the shares sum to ${total}`);
  }

  /** Who has seen nothing leads nobody away from what served, but to what served as well. */
  #checkBlind(routing: RoutedEnvironment): void {
    const before = this.#world.traffic.routing;
    const accepting = (of: RoutedEnvironment, revision: string, service: string) =>
      of.revisions
        .filter((each) => each.revision === revision)
        .flatMap(({ services }) => services.filter((each) => each.service === service))
        .flatMap(({ instances }) => instances.filter(({ state }) => state === 'accepting')).length;
    for (const { revision, permille } of routing.shares) {
      if (permille === 0) continue;
      const services = before?.revisions.find((each) => each.revision === revision)?.services ?? [];
      for (const { service } of services)
        if (before !== null && accepting(before, revision, service) > 0 && accepting(routing, revision, service) === 0)
          this.#world.violate(`${revision} ${service} loses its instances to a control plane that has seen nothing`);
    }
  }

  get #environment(): EnvironmentState {
    return this.#world.invariants.environment;
  }

  get #rollout(): RolloutState | null {
    return this.#world.invariants.rollout;
  }

  #checkShare(
    { revision, permille }: Share,
    found: { ordered: readonly Share[]; mayServe: readonly string[]; slots: readonly TargetSlot[] },
  ): void {
    const { ordered, mayServe, slots } = found;
    const isUp = (id: string) => this.#isKnownUp(id, slots);
    if (!mayServe.includes(revision)) this.#world.violate(`users are sent to ${revision}, which nobody ordered`);
    if (revision === this.#left) this.#world.violate(`users are sent to ${revision} after all were sent back`);
    const better = mayServe.find((each) => each !== this.#left && this.#hasWeb(each) && isUp(each));
    if (!isUp(revision) && better !== undefined)
      this.#world.violate(`users are sent to ${revision}, known unready, while ${better} is ready`);
    // Only what another one cannot serve comes on top.
    const promised = ordered.find((share) => share.revision === revision)?.permille ?? 0;
    const areOthersUp = ordered.filter((share) => share.revision !== revision).every((share) => isUp(share.revision));
    if (permille > promised && areOthersUp && ordered.length > 1)
      this.#world.violate(`${revision} gets ${permille} of 1000, ordered are ${promised}`);
  }

  #hasWeb(revision: string): boolean {
    const known = this.#world.revisions.get(revision);
    return known !== undefined && webServices(known).length > 0;
  }

  #isKnownUp(revision: string, slots: readonly TargetSlot[]): boolean {
    const known = this.#world.revisions.get(revision);
    if (known === undefined) return false;
    return webServices(known).every(({ service }) =>
      slots.some((slot) => isOf(slot, revision, service) && slot.state === 'ready' && !this.#drains(slot)),
    );
  }

  #drains(slot: TargetSlot): boolean {
    const drained = this.#environment.draining.find((each) => isOf(slot, each.revision, each.service));
    const order = this.#environment.orders.find((each) => isOf(slot, each.revision, each.service));
    const isSurplus = slot.slot >= (order?.slots ?? Infinity);
    return slot.state === 'stopping' || isSurplus || slot.slot >= (drained?.fromSlot ?? Infinity);
  }

  #checkInstances(routing: RoutedEnvironment, revision: string, slots: readonly TargetSlot[]): void {
    const services = routing.revisions.find((each) => each.revision === revision)?.services ?? [];
    for (const { service, instances } of services) {
      const own = slots.filter((slot) => isOf(slot, revision, service));
      const hasReady = own.some((slot) => slot.state === 'ready' && !this.#drains(slot));
      for (const instance of instances) {
        if (instance.state !== 'accepting') continue;
        const slot = own.find((each) => each.slot === instance.slot);
        const isFit = slot?.state === 'ready' || (slot?.state === 'unready' && !hasReady);
        if (!isFit)
          this.#world.violate(`${revision} ${service} ${instance.slot} gets requests while ${slot?.state ?? 'gone'}`);
      }
    }
  }

  /** No user's request reaches a new release before its verification, if it has one. */
  #checkProven(revision: string): void {
    const rollout = this.#rollout;
    if (rollout === null || rollout.end !== null || rollout.plan.to.revision !== revision) return;
    const isTold = rollout.plan.kind === 'deploy' && this.#world.revisions.get(revision)?.verification !== null;
    if (isTold && !this.#isVerified) this.#world.violate(`users are sent to ${revision} before its verification`);
  }
}

/** Does its way back lead all users away from the new revision? */
function isReturn(step: string, state: RolloutState | null): boolean {
  const effects = state?.plan.steps.find((each) => each.id === step)?.compensation?.effects ?? [];
  const route = effects.findLast((effect) => effect.kind === 'route');
  if (route === undefined || route.level.kind === 'paused') return false;
  return route.level.kind !== 'shares' || route.level.shares.every((each) => each.revision !== state?.plan.to.revision);
}

function isOf(slot: TargetSlot, revision: string, service: string): boolean {
  return slot.revision === revision && slot.service === service;
}
