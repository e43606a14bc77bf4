import type { Address, RoutedEnvironment, RoutingDocument } from '../../core/routing-document.ts';
import { probeInstance } from './probe-instance.ts';
import type { ProbeResult } from './probe-instance.ts';
import { addressKey } from '../upstream/upstream.ts';

/** Times in milliseconds. */
export interface ProbeTimings {
  /** Between two probes of an instance that answers; each time up to a fifth more or less, so that they never march in step. */
  readonly everyMs: number;
  /** After a failure. */
  readonly againMs: number;
  readonly timeoutMs: number;
  /** So many failures in a row make an instance unhealthy; one success brings it back. */
  readonly failures: number;
  /** Probes under way at once. */
  readonly atOnce: number;
}

const defaultTimings: ProbeTimings = { everyMs: 2_000, againMs: 500, timeoutMs: 1_500, failures: 3, atOnce: 8 };

interface Target {
  readonly address: Address;
  /** Null: whether the port accepts connections. */
  readonly path: string | null;
  /** What runs there; another name at the same address is another instance, and trusted again. */
  readonly name: string;
  /** False for what has no other one beside it by its nature: an adopted upstream. */
  readonly mayBeEjected: boolean;
}

interface Watched {
  readonly target: Target;
  readonly key: string;
  nextAtMs: number;
  isUnderWay: boolean;
  failures: number;
  /** What the last probe saw wrong; null after a good one. */
  problem: string | null;
}

export interface ProbeEvents {
  /** The set of unhealthy instances is another one now. `what`: a line for the log. */
  changed(what: string): void;
}

/**
 * Asks every instance that may get requests whether it is well, now and then and whoever else is alive. New ones are
 * trusted until they have failed.
 */
export class InstanceProbes {
  readonly #events: ProbeEvents;
  readonly #timings: ProbeTimings;
  readonly #watched = new Map<string, Watched>();
  #underWay = 0;
  #timer: NodeJS.Timeout | null = null;
  /** Probes so far, by result. */
  readonly counts = { ok: 0, failed: 0 };

  constructor(events: ProbeEvents, timings: ProbeTimings = defaultTimings) {
    this.#events = events;
    this.#timings = timings;
  }

  /** Keys (`addressKey`) of the unhealthy instances that others should be preferred to. */
  get unhealthy(): readonly string[] {
    const unhealthy = [...this.#watched.values()].filter((watched) => this.#isUnhealthy(watched));
    return unhealthy.filter(({ target }) => target.mayBeEjected).map(({ key }) => key);
  }

  /** What is wrong with an address, null while it is not unhealthy. */
  problemOf(key: string): string | null {
    const watched = this.#watched.get(key);
    return watched !== undefined && this.#isUnhealthy(watched) ? watched.problem : null;
  }

  #isUnhealthy(watched: Watched): boolean {
    return watched.failures >= this.#timings.failures;
  }

  /** From now on these instances are asked. Those that were asked before keep what is known of them. */
  follow(document: RoutingDocument | null): void {
    const targets = new Map<string, Target>();
    for (const environment of document?.environments ?? []) {
      for (const target of targetsOf(environment)) {
        const key = addressKey(target.address);
        if (!targets.has(key)) targets.set(key, target);
      }
    }
    for (const [key, { target }] of this.#watched) {
      const next = targets.get(key);
      if (next?.name !== target.name || next.path !== target.path) this.#watched.delete(key);
    }
    const nowMs = performance.now();
    for (const [key, target] of targets) {
      if (this.#watched.has(key)) continue;
      const nextAtMs = nowMs + Math.random() * this.#timings.everyMs;
      this.#watched.set(key, { target, key, nextAtMs, isUnderWay: false, failures: 0, problem: null });
    }
    this.#arm();
  }

  stop(): void {
    this.#watched.clear();
    this.#arm();
  }

  #arm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#underWay >= this.#timings.atOnce) return;
    const next = this.#next();
    if (next === null) return;
    this.#timer = setTimeout(() => this.#probeDue(), Math.max(0, next.nextAtMs - performance.now()));
  }

  #probeDue(): void {
    const nowMs = performance.now();
    while (this.#underWay < this.#timings.atOnce) {
      const next = this.#next();
      if (next === null || next.nextAtMs > nowMs + this.#earlyMs(next)) break;
      void this.#probe(next);
    }
    this.#arm();
  }

  /** Who is nearly due is asked with the others, since waking up costs as much as asking. Timers are early by a millisecond. */
  #earlyMs(watched: Watched): number {
    return watched.failures > 0 ? 1 : Math.max(1, this.#timings.everyMs / 5);
  }

  /** Who has waited longest, so that instances that fail, and are asked more often, keep nobody from being asked. */
  #next(): Watched | null {
    let next: Watched | null = null;
    for (const watched of this.#watched.values()) {
      if (!watched.isUnderWay && (next === null || watched.nextAtMs < next.nextAtMs)) next = watched;
    }
    return next;
  }

  async #probe(watched: Watched): Promise<void> {
    const { target, key } = watched;
    this.#underWay++;
    watched.isUnderWay = true;
    const result = await probeInstance(target.address, target.path, this.#timings.timeoutMs);
    this.#underWay--;
    watched.isUnderWay = false;
    if (this.#watched.get(key) === watched) this.#learn(watched, result);
    this.#arm();
  }

  #learn(watched: Watched, result: ProbeResult): void {
    const wasUnhealthy = this.#isUnhealthy(watched);
    if (result.kind !== 'unknown') this.counts[result.kind]++;
    if (result.kind === 'failed') {
      watched.failures++;
      watched.problem = result.why;
    } else if (result.kind === 'ok') {
      watched.failures = 0;
      watched.problem = null;
    }
    const { everyMs, againMs } = this.#timings;
    const afterMs = watched.failures > 0 ? againMs : everyMs * (0.8 + 0.4 * Math.random());
    watched.nextAtMs = performance.now() + afterMs;
    if (this.#isUnhealthy(watched) === wasUnhealthy) return;
    const { name, address } = watched.target;
    this.#events.changed(
      `${name} at ${address.host}:${address.port} is ${wasUnhealthy ? 'well again' : `unhealthy: ${watched.problem}`}`,
    );
  }
}

function targetsOf(environment: RoutedEnvironment): readonly Target[] {
  const scope = `${environment.app}/${environment.environment}`;
  const instances = environment.revisions.flatMap((revision) =>
    revision.services.flatMap((service) =>
      service.instances
        .filter((instance) => instance.state === 'accepting')
        .map(({ address, slot }) => ({
          ...{ address, path: service.readyPath, mayBeEjected: true },
          name: `${service.service}.${slot} of ${scope} ${revision.revision}`,
        })),
    ),
  );
  const { mode } = environment;
  if (mode.kind !== 'adopted') return instances;
  const name = `the adopted upstream of ${scope}`;
  return [...instances, { address: mode.address, path: null, name, mayBeEjected: false }];
}
