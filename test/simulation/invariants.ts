import type { RoutedEnvironment } from '../../src/core/routing-document.ts';
import type { JournalEvent } from '../../src/core/events.ts';
import type { TargetSlot } from '../../src/ports/targets/targets.ts';
import { emptyEnvironment, evolveEnvironment, type EnvironmentState } from '../../src/rollout/environment-state.ts';
import { evolve, plannedState } from '../../src/rollout/evolve.ts';
import { isOpen, type GateResult } from '../../src/rollout/gate.ts';
import { webServices } from '../../src/rollout/release.ts';
import { isRolloutEvent, type WrittenEvent } from '../../src/rollout/rollout-events.ts';
import type { RolloutState } from '../../src/rollout/rollout-state.ts';
import type { World } from './world.ts';

/** How old the answer of a gate may be when its step is intended, in milliseconds. */
const gateAnswerMs = 2_000;

/** What one control plane was told last: what it "knows". */
export interface Knowledge {
  readonly slots: readonly TargetSlot[];
  readonly gates: { readonly at: number; readonly results: readonly GateResult[] } | null;
}

/** What must hold at every moment, going by the journal, by what the control plane knows, and by what it orders. */
export class Invariants {
  readonly #world: World;
  environment: EnvironmentState = emptyEnvironment;
  rollout: RolloutState | null = null;
  /** A person has stopped everything for now: what is ordered and what runs differ. */
  isSuspended = false;
  #isVerified = false;
  #isStranded = false;

  constructor(world: World) {
    this.#world = world;
  }

  appended(events: readonly JournalEvent[], knows: Knowledge): void {
    events.forEach((event, index) => {
      if (!isRolloutEvent(event)) return;
      this.#world.note(`${event.type} ${describe(event)}`);
      if (event.type === 'rollout-planned' && this.rollout !== null && this.rollout.end === null)
        this.#world.violate('a rollout was begun before the one before it had ended');
      if (event.type === 'gates-passed') this.#checkGates(event, knows);
      if (event.type === 'step-intended') this.#checkIntent(event, events[index - 1]);
      this.#fold(event);
    });
    this.checkOrders();
  }

  /** Capacity that is ordered, by the journal and at the target, never falls below what the strategy promises. */
  checkOrders(): void {
    const { environment } = this;
    if (this.#isStranded || this.isSuspended || environment.level.kind !== 'shares') return;
    const isRolling = this.rollout?.plan.steps.some((step) => step.id === 'shift-1') ?? false;
    for (const { revision, permille } of environment.level.shares) {
      const known = this.#world.revisions.get(revision);
      for (const { service, instances } of known === undefined ? [] : webServices(known)) {
        const isIt = (each: { readonly revision: string; readonly service: string }) =>
          each.revision === revision && each.service === service;
        const drainFrom = environment.draining.find(isIt)?.fromSlot ?? Infinity;
        const promised = isRolling ? Math.ceil((instances * permille) / 1000 - 0.01) : instances;
        const journal = environment.orders.find(isIt)?.slots ?? 0;
        const target = this.#world.target
          .ordered()
          .find((order) => isIt({ revision: order.revision, service: order.definition.service }));
        for (const [where, slots] of [
          ['the journal', journal],
          ['the target', target?.slots ?? 0],
        ] as const) {
          if (Math.min(slots, drainFrom) >= promised) continue;
          this.#world.violate(
            `${where} has ${slots} slots (drained from ${drainFrom}) of ${revision} ${service}, promised are ${promised}`,
          );
        }
      }
    }
  }

  published(routing: RoutedEnvironment, { slots }: Knowledge): void {
    if (routing.mode.kind !== 'serving') return;
    const isUp = (revision: string) => this.#isKnownUp(revision, slots);
    const { level, serving, previous } = this.environment;
    const ordered = level.kind === 'shares' ? level.shares.map((share) => share.revision) : [];
    const known = [serving, previous].flatMap((each) => (each === null ? [] : [each.revision]));
    const mayServe = [...new Set([...ordered, ...known])];
    for (const share of routing.shares) {
      if (share.permille === 0) continue;
      if (!mayServe.includes(share.revision))
        this.#world.violate(`users are sent to ${share.revision}, which nobody ordered`);
      const better = mayServe.find((each) => this.#hasWeb(each) && isUp(each));
      if (!isUp(share.revision) && better !== undefined)
        this.#world.violate(`users are sent to ${share.revision}, known unready, while ${better} is ready`);
      this.#checkProven(share.revision);
      this.#checkInstances(routing, share.revision, slots);
    }
    const total = routing.shares.reduce((sum, share) => sum + share.permille, 0);
    if (total !== 1000) this.#world.violate(`the shares sum to ${total}`);
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
    const drained = this.environment.draining.find((each) => isOf(slot, each.revision, each.service));
    const order = this.environment.orders.find((each) => isOf(slot, each.revision, each.service));
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
    const { rollout } = this;
    if (rollout === null || rollout.end !== null || rollout.plan.to.revision !== revision) return;
    const isTold = rollout.plan.steps.some((step) => step.id === 'verify-before');
    if (isTold && !this.#isVerified) this.#world.violate(`users are sent to ${revision} before its verification`);
  }

  #checkGates(event: Extract<WrittenEvent, { type: 'gates-passed' }>, { gates }: Knowledge): void {
    const step = this.rollout?.plan.steps[this.rollout.index];
    const isFresh = gates !== null && event.at - gates.at <= gateAnswerMs;
    const isAnswered = step?.gates.every((id) => gates?.results.some((each) => each.gate === id && isOpen(each)));
    if (!isFresh || !isAnswered) this.#world.violate(`gates of ${event.payload.step} passed without fresh evidence`);
  }

  #checkIntent(event: Extract<WrittenEvent, { type: 'step-intended' }>, before: JournalEvent | undefined): void {
    const step = this.rollout?.plan.steps.find((each) => each.id === event.payload.step);
    if (event.payload.direction === 'back' || step === undefined || step.gates.length === 0) return;
    if (before?.type !== 'gates-passed') this.#world.violate(`${step.id} was begun without asking its gates`);
  }

  #fold(event: JournalEvent & WrittenEvent): void {
    if (event.type === 'rollout-planned') {
      this.#isVerified = false;
      this.rollout = plannedState(event.payload.plan, event.at);
    } else if (this.rollout !== null) {
      this.rollout = evolve(this.rollout, event);
    }
    this.environment = evolveEnvironment(this.environment, event, this.rollout?.plan ?? null);
    if (event.type === 'step-done' && event.payload.step === 'verify-before') this.#isVerified = true;
    if (event.type === 'rollout-ended')
      this.#isStranded = event.payload.end === 'stranded' || (this.#isStranded && event.payload.end === 'returned');
  }
}

function isOf(slot: TargetSlot, revision: string, service: string): boolean {
  return slot.revision === revision && slot.service === service;
}

function describe(event: WrittenEvent): string {
  switch (event.type) {
    case 'rollout-planned':
      return `${event.payload.plan.strategy} ${event.payload.plan.kind} to ${event.payload.plan.to.revision}`;
    case 'rollout-turned':
      return event.payload.cause.message;
    case 'rollout-ended':
      return `${event.payload.end} ${event.payload.cause?.message ?? ''}`;
    case 'step-intended':
    case 'step-done':
    case 'step-performed':
      return `${event.payload.step} ${event.payload.direction}`;
    default:
      return '';
  }
}
