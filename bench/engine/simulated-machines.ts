import { chainOf, type Scope } from '../../src/core/ids.ts';
import type { JobOrder, ServiceOrder, TargetSlot } from '../../src/ports/targets/targets.ts';
import type { ObservedJob } from '../../src/rollout/facts.ts';
import type { OrderToMachines } from './messages.ts';

/** What takes time on machines; a bench may hold it until it lets go. */
export interface Happening extends Scope {
  readonly kind: 'ready' | 'stopped' | 'job-ended';
  readonly revision: string;
  /** Null for a job, whose key ends with the step that it belongs to. */
  readonly service: string | null;
  readonly slot: number;
  readonly key: string | null;
}

export interface MachinesOptions {
  readonly isHeld: (happening: Happening) => boolean;
  readonly exitCodeOf: (job: JobOrder) => number;
  readonly tellSlots: (scope: Scope, slots: readonly TargetSlot[]) => void;
  readonly tellJob: (job: ObservedJob) => void;
}

/** How much machines have done: what a restart of the control plane must not change. */
export interface Deeds {
  /** Copies of services that were started. */
  readonly starts: number;
  readonly jobs: number;
  /** Orders that said something else than the one before them. */
  readonly changes: number;
  /** Jobs that were ordered again under their key, and differently. */
  readonly contradictions: number;
}

interface Kept {
  order: ServiceOrder;
  text: string;
  slots: readonly TargetSlot[];
}

/** How long things take that nobody holds, in milliseconds. */
const lastsMs = { ready: 150, stopped: 30, 'job-ended': 200 } as const;

/** Machines as the port describes them: they keep orders and fill slots, and outlive every control plane. */
export class SimulatedMachines {
  readonly #options: MachinesOptions;
  readonly #environments = new Map<string, Map<string, Kept>>();
  readonly #jobs = new Map<string, { readonly text: string; job: ObservedJob }>();
  #waiting: (() => void)[] = [];
  #isLetGo = false;
  #ports = 20_000;
  #deeds: Deeds = { starts: 0, jobs: 0, changes: 0, contradictions: 0 };
  readonly #startsBySlot = new Map<string, number>();
  /** Orders for running copies that were handed over since `forgetHandedOver`. */
  #handedOver = new Set<string>();

  constructor(options: MachinesOptions) {
    this.#options = options;
  }

  get deeds(): Deeds {
    return this.#deeds;
  }

  /** Copies that were started again although nothing of them had ended by itself. */
  get startedTwice(): number {
    return [...this.#startsBySlot.values()].filter((starts) => starts > 1).length;
  }

  forgetHandedOver(): void {
    this.#handedOver = new Set();
  }

  /** Orders for running copies that nobody has repeated since then. */
  get notHandedOver(): readonly string[] {
    const wanted = this.#all().flatMap(({ order }) => (order.slots > 0 ? [keyOf(order)] : []));
    return wanted.filter((key) => !this.#handedOver.has(key));
  }

  follow(order: OrderToMachines): void {
    switch (order.kind) {
      case 'ensure':
        return this.#ensure(order.order);
      case 'start-job':
        return this.#startJob(order.order);
      case 'cancel-job':
        return this.#endJob(order.key, 1, 'SIGTERM');
    }
  }

  /** Tells a control plane that starts all that there is. */
  tellAll(): void {
    for (const services of this.#environments.values()) this.#tell([...services.values()]);
    for (const { job } of this.#jobs.values()) this.#options.tellJob(job);
  }

  /** Whatever was held happens, and nothing is held any more. */
  letGo(): void {
    this.#isLetGo = true;
    for (const act of this.#waiting.splice(0)) act();
  }

  #all(): readonly Kept[] {
    return [...this.#environments.values()].flatMap((services) => [...services.values()]);
  }

  #ensure(order: ServiceOrder): void {
    const services = this.#environments.get(chainOf(order)) ?? new Map<string, Kept>();
    this.#environments.set(chainOf(order), services);
    const key = keyOf(order);
    const text = JSON.stringify({ ...order, avoid: [] });
    const kept = services.get(key) ?? { order, text: '', slots: [] };
    services.set(key, kept);
    if (order.slots > 0) this.#handedOver.add(key);
    if (kept.text === text) return;
    this.#deeds = { ...this.#deeds, changes: this.#deeds.changes + 1 };
    kept.order = order;
    kept.text = text;
    this.#fill(kept);
    for (const slot of kept.slots)
      if (slot.slot >= order.slots && slot.state !== 'stopping') this.#stop(kept, slot.slot);
    this.#tell([...services.values()]);
  }

  #fill(kept: Kept): void {
    const missing = Array.from({ length: kept.order.slots }, (_, slot) => slot).filter((slot) =>
      kept.slots.every((each) => each.slot !== slot),
    );
    for (const slot of missing) {
      this.#deeds = { ...this.#deeds, starts: this.#deeds.starts + 1 };
      const place = `${keyOf(kept.order)} ${slot}`;
      this.#startsBySlot.set(place, (this.#startsBySlot.get(place) ?? 0) + 1);
      const port = kept.order.definition.kind === 'web' ? (this.#ports += 1) : null;
      kept.slots = [...kept.slots, startingSlot(kept.order, slot, port)];
      this.#happens('ready', kept, slot, () => this.#change(kept, slot, 'ready'));
    }
  }

  #stop(kept: Kept, slot: number): void {
    this.#change(kept, slot, 'stopping');
    this.#happens('stopped', kept, slot, () => {
      kept.slots = kept.slots.filter((each) => each.slot !== slot);
      this.#fill(kept);
      this.#tellOf(kept);
    });
  }

  #change(kept: Kept, slot: number, state: TargetSlot['state']): void {
    const isOver = (each: TargetSlot) => each.slot !== slot || each.state === 'stopping';
    kept.slots = kept.slots.map((each) => (isOver(each) ? each : { ...each, state }));
    this.#tellOf(kept);
  }

  #startJob(order: JobOrder): void {
    const known = this.#jobs.get(order.key);
    const text = JSON.stringify(order);
    if (known !== undefined) {
      const contradictions = this.#deeds.contradictions + (known.text === text ? 0 : 1);
      this.#deeds = { ...this.#deeds, contradictions };
      return;
    }
    this.#deeds = { ...this.#deeds, jobs: this.#deeds.jobs + 1 };
    const job = { key: order.key, state: 'running', exitCode: null, signal: null, logTail: [] } as const;
    this.#jobs.set(order.key, { text, job });
    this.#options.tellJob(job);
    const happening = {
      ...scopeOf(order),
      kind: 'job-ended',
      revision: order.revision,
      service: null,
      slot: 0,
    } as const;
    this.#later({ ...happening, key: order.key }, () => this.#endJob(order.key, this.#options.exitCodeOf(order), null));
  }

  #endJob(key: string, exitCode: number, signal: string | null): void {
    const known = this.#jobs.get(key);
    if (known?.job.state !== 'running') return;
    known.job = { ...known.job, state: exitCode === 0 ? 'succeeded' : 'failed', exitCode, signal };
    this.#options.tellJob(known.job);
  }

  #happens(kind: 'ready' | 'stopped', { order }: Kept, slot: number, act: () => void): void {
    const { revision, definition } = order;
    this.#later({ ...scopeOf(order), kind, revision, service: definition.service, slot, key: null }, act);
  }

  #later(happening: Happening, act: () => void): void {
    setTimeout(() => {
      if (!this.#isLetGo && this.#options.isHeld(happening)) this.#waiting.push(act);
      else act();
    }, lastsMs[happening.kind]);
  }

  #tellOf({ order }: Kept): void {
    this.#tell([...(this.#environments.get(chainOf(order))?.values() ?? [])]);
  }

  #tell(services: readonly Kept[]): void {
    const order = services[0]?.order;
    if (order === undefined) return;
    this.#options.tellSlots(
      scopeOf(order),
      services.flatMap((kept) => kept.slots),
    );
  }
}

const keyOf = (order: ServiceOrder): string => `${chainOf(order)} ${order.revision} ${order.definition.service}`;
const scopeOf = ({ app, environment }: Scope): Scope => ({ app, environment });

function startingSlot(order: ServiceOrder, slot: number, port: number | null): TargetSlot {
  return {
    revision: order.revision,
    service: order.definition.service,
    slot,
    attempt: 1,
    state: 'starting',
    unexpectedExits: 0,
    note: null,
    logTail: [],
    address: port === null ? null : { host: '127.0.0.1', port },
    fixedPort: null,
    pid: null,
    startedAt: null,
    memoryBytes: null,
    writesBesideCode: [],
  };
}
