import { LotseError } from '../../src/core/errors.ts';
import type { ObservedJob } from '../../src/rollout/facts.ts';
import type { JobOrder, ServiceOrder, TargetSlot } from '../../src/ports/targets/targets.ts';
import type { World } from './world.ts';

type SlotState = TargetSlot['state'];

interface Slot {
  readonly number: number;
  readonly port: number;
  state: SlotState;
  attempt: number;
  exits: number;
  wasReady: boolean;
  /** Null: it is not. */
  readySince: number | null;
  /** What is said of it, until then, in place of the truth. */
  lie: { readonly state: 'ready' | 'unready'; readonly untilMs: number } | null;
}

interface Kept {
  order: ServiceOrder;
  /** The number of the newest order that has taken hold. */
  given: number;
  readonly slots: Map<number, Slot>;
  /** Of each slot, also of those that are gone: an attempt never comes twice. */
  readonly attempts: Map<number, number>;
}

/** What becomes of an order that is only followed in part at first. */
export interface HalfStart {
  readonly slots: number;
  readonly restAfterMs: number;
}

interface Job {
  readonly order: string;
  state: ObservedJob['state'];
  signal: string | null;
}

/** Machines as the port describes them: they keep orders, fill slots, and outlive every control plane. */
export class SimulatedTarget {
  readonly #world: World;
  readonly #kept = new Map<string, Kept>();
  readonly #jobs = new Map<string, Job>();
  readonly #byPort = new Map<number, Slot>();
  #ports = 20_000;
  #given = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** The number of an order that is given now; on its way others may overtake it. */
  nextOrder(): number {
    return ++this.#given;
  }

  ensure(order: ServiceOrder, given: number, half: HalfStart | null = null): void {
    if (order.slots > 0 && this.#world.qualityOf(order.revision) === 'artifact-gone') {
      throw new LotseError('not-found', 'the artifact is gone');
    }
    const key = `${order.revision}/${order.definition.service}`;
    const kept = this.#kept.get(key) ?? { order, given, slots: new Map(), attempts: new Map() };
    this.#kept.set(key, kept);
    kept.order = order;
    if (given < kept.given) this.#world.invariants.orderComesLate();
    kept.given = Math.max(kept.given, given);
    this.#fill(kept, half?.slots);
    if (half !== null) this.#world.time.after(half.restAfterMs, () => this.#healed(kept));
    for (const slot of kept.slots.values()) {
      if (slot.number >= order.slots && slot.state !== 'stopping') this.#stop(kept, slot);
    }
    this.#world.changed();
  }

  #healed(kept: Kept): void {
    this.#fill(kept);
    this.#world.changed();
  }

  /** What the target says, which is not always so. */
  observe(): readonly TargetSlot[] {
    const { now } = this.#world.time;
    const seen: TargetSlot[] = [];
    for (const { order, slots } of this.#kept.values())
      for (const slot of slots.values()) {
        const isLie = slot.lie !== null && now < slot.lie.untilMs && slot.state !== 'stopping';
        seen.push(view(order, slot, isLie ? (slot.lie?.state ?? slot.state) : slot.state));
      }
    return seen;
  }

  /** What is really so. */
  slots(): readonly TargetSlot[] {
    const seen: TargetSlot[] = [];
    for (const { order, slots } of this.#kept.values())
      for (const slot of slots.values()) seen.push(view(order, slot, slot.state));
    return seen;
  }

  /** Says the opposite of one slot for a while. `choice`: any number. */
  lie(choice: number, forMs: number): void {
    const all = [...this.#kept.values()].flatMap(({ slots }) => [...slots.values()]);
    const slot = all[choice % Math.max(1, all.length)];
    if (slot === undefined) return;
    slot.lie = { state: slot.state === 'ready' ? 'unready' : 'ready', untilMs: this.#world.time.now + forMs };
  }

  /** Does something answer there? */
  isUpAt(port: number): boolean {
    return this.#byPort.get(port)?.state === 'ready';
  }

  /** Has a slot of it been ready for so long? */
  isReadyFor(ms: number, revision: string, service: string): boolean {
    const { now } = this.#world.time;
    const slots = this.#kept.get(`${revision}/${service}`)?.slots.values() ?? [];
    return [...slots].some(
      ({ state, readySince }) => state === 'ready' && readySince !== null && now - readySince >= ms,
    );
  }

  /** Slots that are ordered of a service, and the claim that it was told. */
  ordered(): readonly Pick<ServiceOrder, 'revision' | 'slots' | 'claim' | 'definition'>[] {
    return Array.from(this.#kept.values(), ({ order }) => order);
  }

  /** Slots that are ordered of one service. */
  slotsOrdered(revision: string, service: string): number {
    return this.#kept.get(`${revision}/${service}`)?.order.slots ?? 0;
  }

  startJob(order: JobOrder): void {
    const text = JSON.stringify(order);
    const known = this.#jobs.get(order.key);
    if (known !== undefined) {
      if (known.order !== text) this.#world.violate(`the job ${order.key} was ordered twice, and differently`);
      return;
    }
    const job: Job = { order: text, state: 'running', signal: null };
    this.#jobs.set(order.key, job);
    this.#world.count('jobs');
    const tell = (patience: number) => {
      if (job.state !== 'running') return;
      const quality = this.#world.qualityOf(order.revision);
      const isPublic = order.key.endsWith('verify-after');
      const isMigration = order.argv.includes('migrate');
      const fails = isMigration
        ? quality === 'migration-fails'
        : quality === 'verification-fails' || (quality === 'fails-in-public' && isPublic);
      const passes = !fails;
      const isReached = isMigration || this.#world.traffic.reaches(order.revision);
      if (passes && !isReached && patience > 0) this.#world.time.after(200, () => tell(patience - 1));
      else job.state = passes && isReached ? 'succeeded' : 'failed';
    };
    this.#world.time.after(this.#world.lasts(30, 500, 'job', order.key), () => tell(10));
  }

  observeJob(key: string): ObservedJob | null {
    const job = this.#jobs.get(key);
    if (job === undefined) return null;
    const exitCode = job.state === 'succeeded' ? 0 : 1;
    return {
      key,
      state: job.state,
      exitCode: job.state === 'running' ? null : exitCode,
      signal: job.signal,
      logTail: [],
    };
  }

  cancelJob(key: string): void {
    const job = this.#jobs.get(key);
    if (job?.state !== 'running') return;
    job.state = 'failed';
    job.signal = 'SIGTERM';
  }

  #fill(kept: Kept, atMost = Infinity): void {
    for (let number = 0; number < Math.min(kept.order.slots, atMost); number++) {
      if (kept.slots.has(number)) continue;
      const fresh = { state: 'starting', attempt: 0, exits: 0, wasReady: false, readySince: null, lie: null } as const;
      const slot: Slot = { number, port: this.#ports++, ...fresh };
      kept.slots.set(number, slot);
      this.#byPort.set(slot.port, slot);
      this.#start(kept, slot);
    }
  }

  #start(kept: Kept, slot: Slot): void {
    const attempt = (kept.attempts.get(slot.number) ?? 0) + 1;
    kept.attempts.set(slot.number, attempt);
    slot.attempt = attempt;
    slot.state = 'starting';
    const { revision, definition } = kept.order;
    const life = this.#world.life({ revision, service: definition.service, slot: slot.number, attempt });
    const during = (ms: number, act: () => void) => {
      if (ms === Infinity) return;
      this.#world.time.after(ms, () => {
        if (slot.attempt !== attempt || slot.state === 'stopping' || slot.state === 'gave-up') return;
        act();
        this.#world.changed();
      });
    };
    const { readyAfterMs, exitAfterMs } = life;
    if (readyAfterMs !== null) during(readyAfterMs, () => this.#becomes(slot, 'ready'));
    for (const { fromMs, forMs } of life.unready) {
      during(fromMs, () => this.#becomes(slot, 'unready'));
      during(fromMs + forMs, () => this.#becomes(slot, 'ready'));
    }
    if (exitAfterMs !== null) during(exitAfterMs, () => this.#exits(kept, slot));
  }

  #becomes(slot: Slot, state: 'ready' | 'unready'): void {
    slot.state = state;
    slot.readySince = state === 'ready' ? this.#world.time.now : null;
    if (state === 'ready') slot.wasReady = true;
  }

  /** As the process target does it: a budget of restarts, smaller for what never was ready. */
  #exits(kept: Kept, slot: Slot): void {
    slot.exits++;
    this.#world.count('exits');
    if (slot.exits >= (slot.wasReady ? 5 : 3)) {
      slot.state = 'gave-up';
      return;
    }
    slot.state = 'restarting';
    const { attempt } = slot;
    this.#world.time.after(50 * 2 ** slot.exits * this.#world.pace, () => {
      if (slot.state !== 'restarting' || slot.attempt !== attempt) return;
      this.#start(kept, slot);
      this.#world.changed();
    });
  }

  #stop(kept: Kept, slot: Slot): void {
    slot.state = 'stopping';
    const { revision, definition } = kept.order;
    const place = [revision, definition.service, slot.number, slot.attempt] as const;
    this.#world.time.after(this.#world.lasts(5, definition.drainMs, 'stop', ...place), () => {
      kept.slots.delete(slot.number);
      this.#byPort.delete(slot.port);
      this.#fill(kept);
      this.#world.changed();
    });
  }
}

function view(order: ServiceOrder, slot: Slot, state: SlotState): TargetSlot {
  const isUp = state === 'ready' || state === 'unready' || state === 'stopping';
  const hasAddress = order.definition.kind === 'web' && isUp;
  return {
    revision: order.revision,
    service: order.definition.service,
    slot: slot.number,
    attempt: slot.attempt,
    state,
    unexpectedExits: slot.exits,
    note: null,
    logTail: [],
    address: hasAddress ? { host: '127.0.0.1', port: slot.port } : null,
    fixedPort: null,
    pid: null,
    startedAt: null,
    memoryBytes: null,
    writesBesideCode: [],
  };
}
