import type { RoutedEnvironment } from '../../src/core/routing-document.ts';
import type { JournalEvent } from '../../src/core/events.ts';
import type { TargetSlot } from '../../src/ports/targets/targets.ts';
import { emptyEnvironment, evolveEnvironment, type EnvironmentState } from '../../src/rollout/environment-state.ts';
import { evolve, plannedState } from '../../src/rollout/evolve.ts';
import type { Judgement } from '../../src/rollout/judge/judgement.ts';
import { webServices } from '../../src/rollout/release.ts';
import { isRolloutEvent, type WrittenEvent } from '../../src/rollout/rollout-events.ts';
import type { RolloutState } from '../../src/rollout/rollout-state.ts';
import { CourseInvariants, type GateAnswer } from './course-invariants.ts';
import { JudgeInvariants } from './judge-invariants.ts';
import { RoutingInvariants } from './routing-invariants.ts';
import type { World } from './world.ts';

/** What one control plane was told last: what it "knows". */
export interface Knowledge {
  readonly slots: readonly TargetSlot[];
  /** When those were seen; -Infinity: never. */
  readonly seenMs: number;
  readonly gates: GateAnswer | null;
  readonly judgement: Judgement | null;
}

/** Who strands a rollout has looked at the slots so shortly before, in milliseconds. */
const seenBeforeMs = 12_000;
/** So long after an order came late the target may follow that one, in milliseconds. */
const repairedMs = 60_000;

/** What must hold at every moment, going by the journal, by what the control plane knows, and by what it orders. */
export class Invariants {
  readonly #world: World;
  readonly judging: JudgeInvariants;
  readonly #course: CourseInvariants;
  readonly #routing: RoutingInvariants;
  environment: EnvironmentState = emptyEnvironment;
  rollout: RolloutState | null = null;
  /** A person has stopped everything for now: what is ordered and what runs differ. */
  isSuspended = false;
  #isStranded = false;
  /** When an order last took hold that was older than the last one. */
  #lateOrderMs = -Infinity;

  constructor(world: World) {
    this.#world = world;
    this.judging = new JudgeInvariants(world);
    this.#course = new CourseInvariants((what) => world.violate(what));
    this.#routing = new RoutingInvariants(world);
  }

  appended(events: readonly JournalEvent[], { gates, judgement, seenMs }: Knowledge): void {
    const { now } = this.#world.time;
    const isStranded = events.some(
      (event) => isRolloutEvent(event) && event.type === 'rollout-ended' && event.payload.end === 'stranded',
    );
    if (isStranded && now - seenMs > seenBeforeMs)
      this.#world.violate(`stranded by what was seen ${now - seenMs} ms before`);
    events.forEach((event, index) => {
      if (!isRolloutEvent(event)) return;
      this.#world.note(`${event.type} ${describe(event)}`);
      this.#course.follow(event, this.rollout, events[index - 1] ?? null, { now, gates, judgement });
      this.#fold(event);
      this.#routing.follow(event, this.rollout);
    });
    this.checkOrders();
  }

  published(routing: RoutedEnvironment, { slots, seenMs }: Knowledge): void {
    this.#routing.published(routing, seenMs === -Infinity ? null : slots);
  }

  /** Nobody can prevent it; within a while what was ordered last must be in force again. */
  orderComesLate(): void {
    const { time } = this.#world;
    this.#lateOrderMs = time.now;
    time.after(repairedMs, () => this.checkOrders());
  }

  /** Has what is ordered been in force again for long enough, whatever came late? */
  get isLateOrderRepaired(): boolean {
    return this.#world.time.now - this.#lateOrderMs >= repairedMs;
  }

  /** May what is ordered at the target differ from what is ordered? */
  get #isRepairing(): boolean {
    const { upSince } = this.#world.shore;
    const { now } = this.#world.time;
    return upSince === null || now - Math.max(this.#lateOrderMs, upSince) < repairedMs;
  }

  /** Capacity that is ordered, by the journal and at the target, never falls below what the strategy promises. */
  checkOrders(): void {
    const { environment } = this;
    if (this.#isStranded || this.isSuspended || environment.level.kind !== 'shares') return;
    for (const { revision, permille } of environment.level.shares) {
      const known = this.#world.revisions.get(revision);
      if (known !== undefined)
        for (const { service, instances } of webServices(known))
          this.#checkOrder({ revision, service }, this.#promised(revision, instances, permille));
    }
  }

  /** What gets all users has all its instances; what shares them has enough for its share. */
  #promised(revision: string, instances: number, permille: number): number {
    const { strategy = null, to = null } = this.rollout?.plan ?? {};
    const isSharing = strategy === 'rolling' || (strategy === 'canary' && to?.revision === revision);
    // A canary has all of them before the full shift, which keeps only the holdback on the old release.
    const isFull = strategy === 'canary' && permille > 900;
    return isSharing && !isFull ? Math.ceil((instances * permille) / 1000 - 0.01) : instances;
  }

  #checkOrder({ revision, service }: { revision: string; service: string }, promised: number): void {
    const isIt = (each: { readonly revision: string; readonly service: string }) =>
      each.revision === revision && each.service === service;
    const drainFrom = this.environment.draining.find(isIt)?.fromSlot ?? Infinity;
    const journal = this.environment.orders.find(isIt)?.slots ?? 0;
    const isLate = this.#lateOrderMs > -Infinity && this.#isRepairing;
    const target = isLate ? Infinity : this.#world.target.slotsOrdered(revision, service);
    if (Math.min(journal, target, drainFrom) >= promised) return;
    const found = `the journal has ${journal} slots and the target ${target} (drained from ${drainFrom})`;
    this.#world.violate(`${found} of ${revision} ${service}, promised are ${promised}`);
  }

  #fold(event: JournalEvent & WrittenEvent): void {
    if (event.type === 'rollout-planned') {
      this.rollout = plannedState(event.payload.plan, event.at);
      this.judging.begin(event.payload.plan.rollout);
    } else if (this.rollout !== null) {
      this.rollout = evolve(this.rollout, event);
    }
    if (event.type === 'rollout-advanced' && this.rollout !== null) this.#world.advanced(this.rollout.plan.rollout);
    this.environment = evolveEnvironment(this.environment, event, this.rollout?.plan ?? null);
    if (event.type === 'rollout-ended')
      this.#isStranded = event.payload.end === 'stranded' || (this.#isStranded && event.payload.end === 'returned');
  }
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
