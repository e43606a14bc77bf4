import type { Scope } from '../../src/core/ids.ts';
import { evaluateGates } from '../../src/rollout/evaluate-gates.ts';
import type { Evidence, GateResult } from '../../src/rollout/gate.ts';
import type { Plan } from '../../src/rollout/plan.ts';
import type { Revision } from '../../src/rollout/release.ts';
import { lifeOf, type Life, type Place, type Quality } from './behaviour.ts';
import { Invariants } from './invariants.ts';
import { randomOf, type Random } from './random.ts';
import { SimulatedJournal } from './simulated-journal.ts';
import { SimulatedTarget } from './simulated-target.ts';
import { SimulatedTraffic } from './simulated-traffic.ts';
import { VirtualTime } from './virtual-time.ts';

export const scope: Scope = { app: 'shop', environment: 'production' };

/** Everything that outlives a control plane. What happens in it follows from the seed alone. */
export class World {
  readonly seed: number;
  readonly time = new VirtualTime();
  readonly journal = new SimulatedJournal();
  readonly target = new SimulatedTarget(this);
  readonly traffic = new SimulatedTraffic(this);
  readonly invariants = new Invariants(this);
  readonly revisions = new Map<string, Revision>();
  readonly counts = new Map<string, number>();
  readonly violations: string[] = [];
  readonly evidence: Evidence[] = [];
  readonly trace: string[] = [];
  /** From when on nobody can prove that the way back is there; null: always proven. */
  unprovenFrom: number | null = null;
  fence = 0;
  readonly #qualities = new Map<string, Quality>();
  /** Revisions that do not come up a second time. */
  readonly tired = new Set<string>();

  /** Everything that takes time in this world takes so much of it. */
  readonly pace: number;

  constructor(seed: number, pace = 1) {
    this.seed = seed;
    this.pace = pace;
  }

  add(revision: Revision, quality: Quality): void {
    this.revisions.set(revision.id, revision);
    this.#qualities.set(revision.id, quality);
  }

  qualityOf(revision: string): Quality {
    return this.#qualities.get(revision) ?? 'good';
  }

  life(place: Place): Life {
    const isTired = this.tired.has(place.revision) && place.attempt > 1;
    const life = lifeOf(this.seed, isTired ? 'does-not-start' : this.qualityOf(place.revision), place);
    const paced = (ms: number | null) => (ms === null ? null : ms * this.pace);
    const unready = life.unready.map(({ fromMs, forMs }) => ({ fromMs: fromMs * this.pace, forMs: forMs * this.pace }));
    return { readyAfterMs: paced(life.readyAfterMs), exitAfterMs: paced(life.exitAfterMs), unready };
  }

  /** How long something takes, the same whenever it is asked. */
  lasts(lowMs: number, highMs: number, ...words: readonly (string | number)[]): number {
    return this.chanceOf(...words).between(lowMs, highMs) * this.pace;
  }

  chanceOf(...words: readonly (string | number)[]): Random {
    return randomOf(this.seed, ...words);
  }

  gates(plan: Plan, ids: readonly string[]): readonly GateResult[] {
    const { now } = this.time;
    const isProven = this.unprovenFrom === null || now < this.unprovenFrom;
    return evaluateGates(
      plan.gates.filter((gate) => ids.includes(gate.id)),
      {
        ...plan.to,
        environment: plan.environment,
        startedBy: plan.startedBy,
        now,
        evidence: this.evidence.filter((each) => each.at <= now),
        overrides: [],
        quarantine: null,
        proofs: [{ part: 'artifacts', proven: isProven, message: isProven ? 'It is there.' : 'It is gone.' }],
      },
    );
  }

  /** Something outside the control plane is not what it was. */
  changed(): void {
    this.invariants.checkOrders();
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  violate(what: string): void {
    this.note(`VIOLATION ${what}`);
    this.violations.push(what);
  }

  note(what: string): void {
    this.trace.push(`${String(this.time.now % 100_000_000).padStart(9)} ${what}`);
  }
}
