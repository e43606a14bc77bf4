import type { Scope } from '../../src/core/ids.ts';
import { evaluateGates } from '../../src/rollout/evaluate-gates.ts';
import type { Evidence, GateResult } from '../../src/rollout/gate.ts';
import type { Before, Plan } from '../../src/rollout/plan.ts';
import type { Revision } from '../../src/rollout/release.ts';
import { lifeOf, type Life, type Place, type Quality } from './behaviour.ts';
import { Invariants } from './invariants.ts';
import { randomOf, type Random } from './random.ts';
import { Shore } from './shore.ts';
import { SimulatedJournal } from './simulated-journal.ts';
import { SimulatedSignals } from './simulated-signals.ts';
import { SimulatedTarget } from './simulated-target.ts';
import { SimulatedTraffic } from './simulated-traffic.ts';

export const scope: Scope = { app: 'shop', environment: 'production' };

export interface WorldOptions {
  /** Everything that takes time takes so much of it. */
  readonly pace?: number;
  readonly shore?: Shore;
  readonly scope?: Scope;
}

/** One environment and everything of it that outlives a control plane. What happens in it follows from the seed alone. */
export class World {
  readonly seed: number;
  readonly pace: number;
  readonly scope: Scope;
  readonly shore: Shore;
  readonly journal = new SimulatedJournal();
  readonly target: SimulatedTarget;
  readonly traffic: SimulatedTraffic;
  readonly signals: SimulatedSignals;
  readonly invariants: Invariants;
  readonly revisions = new Map<string, Revision>();
  readonly evidence: Evidence[] = [];
  /** What serves before the first rollout. */
  before: Before = { kind: 'maintenance' };
  /** From when on nobody can prove that the way back is there; null: always proven. */
  unprovenFrom: number | null = null;
  #mishaps = 0;
  readonly #qualities = new Map<string, Quality>();
  readonly #advanced = new Set<string>();
  /** Revisions that do not come up a second time. */
  readonly tired = new Set<string>();

  constructor(seed: number, { pace = 1, shore = new Shore(), scope: of = scope }: WorldOptions = {}) {
    this.seed = seed;
    this.pace = pace;
    this.shore = shore;
    this.scope = of;
    this.target = new SimulatedTarget(this);
    this.traffic = new SimulatedTraffic(this);
    this.signals = new SimulatedSignals(this);
    this.invariants = new Invariants(this);
  }

  get time() {
    return this.shore.time;
  }

  /** Times that something happened which may change how a rollout ends though nothing is wrong with the release. */
  get mishaps(): number {
    return this.#mishaps + this.shore.mishaps;
  }

  hadMishap(): void {
    this.#mishaps++;
  }

  get counts(): ReadonlyMap<string, number> {
    return this.shore.counts;
  }

  get violations(): readonly string[] {
    return this.shore.violations;
  }

  get trace(): readonly string[] {
    return this.shore.trace;
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

  /** A person went on without waiting for a judge. */
  advanced(rollout: string): void {
    this.#advanced.add(rollout);
  }

  wasAdvanced(rollout: string): boolean {
    return this.#advanced.has(rollout);
  }

  /** Something outside the control plane is not what it was. */
  changed(): void {
    if (this.traffic.flow.isShared) this.traffic.flow.catchUp();
    this.invariants.checkOrders();
  }

  count(what: string): void {
    this.shore.count(what);
  }

  violate(what: string): void {
    this.shore.violate(what, this.scope);
  }

  note(what: string): void {
    this.shore.note(what, this.scope);
  }
}
