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
}

interface Kept {
  order: ServiceOrder;
  readonly slots: Map<number, Slot>;
  /** Of each slot, also of those that are gone: an attempt never comes twice. */
  readonly attempts: Map<number, number>;
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
  #ports = 20_000;

  constructor(world: World) {
    this.#world = world;
  }

  ensure(order: ServiceOrder): void {
    if (order.slots > 0 && this.#world.qualityOf(order.revision) === 'artifact-gone') {
      throw new LotseError('not-found', 'the artifact is gone');
    }
    const key = `${order.revision}/${order.definition.service}`;
    const kept = this.#kept.get(key) ?? { order, slots: new Map(), attempts: new Map() };
    this.#kept.set(key, kept);
    kept.order = order;
    this.#fill(kept);
    for (const slot of kept.slots.values()) {
      if (slot.number >= order.slots && slot.state !== 'stopping') this.#stop(kept, slot);
    }
    this.#world.changed();
  }

  observe(): readonly TargetSlot[] {
    return [...this.#kept.values()].flatMap(({ order, slots }) => [...slots.values()].map((slot) => view(order, slot)));
  }

  /** Slots that are ordered of a service, and the claim that it was told. */
  ordered(): readonly Pick<ServiceOrder, 'revision' | 'slots' | 'claim' | 'definition'>[] {
    return [...this.#kept.values()].map(({ order }) => order);
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
      const passes = quality !== 'verification-fails' && !(quality === 'fails-in-public' && isPublic);
      const isReached = this.#world.traffic.reaches(order.revision);
      if (passes && !isReached && patience > 0) this.#world.time.after(200, () => tell(patience - 1));
      else job.state = passes && isReached ? 'succeeded' : 'failed';
    };
    this.#world.time.after(this.#world.lasts(50, 1_500, 'job', order.key), () => tell(10));
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

  #fill(kept: Kept): void {
    for (let number = 0; number < kept.order.slots; number++) {
      if (kept.slots.has(number)) continue;
      const slot: Slot = { number, port: this.#ports++, state: 'starting', attempt: 0, exits: 0, wasReady: false };
      kept.slots.set(number, slot);
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
      this.#fill(kept);
      this.#world.changed();
    });
  }
}

function view(order: ServiceOrder, slot: Slot): TargetSlot {
  const isUp = slot.state === 'ready' || slot.state === 'unready' || slot.state === 'stopping';
  const hasAddress = order.definition.kind === 'web' && isUp;
  return {
    revision: order.revision,
    service: order.definition.service,
    slot: slot.number,
    attempt: slot.attempt,
    state: slot.state,
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
