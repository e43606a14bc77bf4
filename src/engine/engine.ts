import type { Actor } from '../core/events.ts';
import { LotseError } from '../core/errors.ts';
import { chainOf, type RolloutId, type Scope } from '../core/ids.ts';
import { Looks } from '../core/looks.ts';
import type { Address } from '../core/routing-document.ts';
import type { OneOffOrder } from '../ports/targets/session.ts';
import type { TargetSlot } from '../ports/targets/targets.ts';
import type { Command } from '../rollout/facts.ts';
import type { Plan } from '../rollout/plan.ts';
import { EnvironmentRunner } from './environment-runner.ts';
import { emptyView, type EnvironmentView } from './environment-log.ts';
import { parseJudged, recordKey } from './judged-record.ts';
import type { Judged } from './judged-rollout.ts';
import { oneOffOrder, type WantedJob, type WantedOneOff } from './orders.ts';
import type { EngineParts } from './parts.ts';
import { Patience } from './patience.ts';
import { patientParts } from './patient-parts.ts';
import { startJob } from './perform.ts';
import { SharedCounters } from './shared-counters.ts';
import { Sights } from './sights.ts';
import { TrafficSeries, type SeriesQuestion, type TrafficHistory } from './traffic-series.ts';

/** How long `settle` waits for the rollout before to end, in milliseconds. */
const settleWaitMs = 120_000;

/** How often `count` should be called, in milliseconds. */
export const countEveryMs = 10_000;

/** Runs rollouts durably: one loop an environment. The one public file of this folder. */
export class Engine {
  readonly #parts: EngineParts;
  readonly #patience: Patience;
  /** The same, of which no question takes for ever. */
  readonly #asked: EngineParts;
  readonly #counters: SharedCounters;
  readonly #series = new TrafficSeries();
  readonly #sights: Sights;
  readonly #runners = new Map<string, EnvironmentRunner>();
  readonly #opening = new Map<string, Promise<void>>();

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#sights = new Sights(parts.looks ?? new Looks());
    this.#patience = new Patience(parts.clock);
    this.#asked = patientParts(parts, this.#patience, () => undefined);
    this.#counters = new SharedCounters(this.#asked, (counters) => this.#series.record(parts.clock.now(), counters));
  }

  /** Goes above every fence that a proxy has seen, then takes up each environment where its journal left it. */
  async open(scopes: readonly Scope[]): Promise<void> {
    const { fence } = await this.#asked.traffic.status();
    if (fence >= this.#parts.lock.fence) await this.#parts.lock.raiseAbove(fence);
    for (const scope of scopes) await this.add(scope);
  }

  /** Makes an environment known and resolves when its journal is read; harmless when it is. */
  async add(scope: Scope): Promise<void> {
    const chain = chainOf(scope);
    if (this.#runners.has(chain)) return;
    const opening = this.#opening.get(chain) ?? this.#open(scope).finally(() => this.#opening.delete(chain));
    this.#opening.set(chain, opening);
    await opening;
  }

  /** Where the environment and its latest rollout stand; nothing of it is known before its first rollout. */
  view(scope: Scope): EnvironmentView {
    return this.#runners.get(chainOf(scope))?.view ?? emptyView;
  }

  /** What was last seen of its slots; at most a second old while the loop runs. */
  slots(scope: Scope): readonly TargetSlot[] {
    return this.#runners.get(chainOf(scope))?.slots ?? [];
  }

  /** What is thought of the rollout that is judged, or was judged last; null while nobody has looked. */
  judged(scope: Scope): Judged | null {
    return this.#runners.get(chainOf(scope))?.judged ?? null;
  }

  /**
   * The same of any rollout: of one that has ended, what was thought in the end. Null: it was not judged, or nobody has
   * looked. Errors: those of reading it.
   */
  async judgedOf(scope: Scope, rollout: RolloutId): Promise<Judged | null> {
    const latest = this.judged(scope);
    if (latest?.rollout === rollout) return latest;
    return parseJudged(await this.#asked.checkpoints.load(recordKey({ app: scope.app, rollout })));
  }

  /** What was asked of an environment in the last two hours, as far as somebody has called `count`. */
  series(scope: Scope, question: SeriesQuestion): TrafficHistory {
    return this.#series.of(scope, question);
  }

  /** Takes what was counted lately into the series; where a judge has just asked for it, nobody asks again. Errors: as of the router. */
  async count(): Promise<void> {
    await this.#counters.all(countEveryMs / 2);
    for (const { scope, view } of this.#runners.values()) {
      if (view.rollout !== null && view.rollout.end === null) this.#sights.counted(scope);
    }
  }

  /** Starts a compiled rollout. Errors: `conflict` while another one has not ended. */
  async begin(plan: Plan): Promise<void> {
    await this.#runner(plan).begin(plan);
  }

  /** Pause, resume, advance or abort. Errors: `conflict` when it does not apply now. */
  async command(scope: Scope, command: Command): Promise<void> {
    await this.#runner(scope).command(command);
  }

  /** Everything of the environment stops; its data stays. Errors: `conflict` while a rollout is under way. */
  async takeDown(scope: Scope, by: Actor, reason: string | null): Promise<void> {
    await this.#runner(scope).takeDown(by, reason);
  }

  /**
   * Users get what serves at this address, as release 0: it is routed to, and never started or stopped. Harmless when
   * they do. Errors: `conflict` once a revision serves, and while a rollout is under way.
   */
  async adopt(scope: Scope, upstream: Address, by: Actor, reason: string | null): Promise<void> {
    await this.#runner(scope).adopt(upstream, by, reason);
  }

  /**
   * Runs a job that no rollout ordered, in the surroundings of a revision; at most once under its key. Errors: those of
   * the target and the bindings; `timeout` (retriable) where they do not answer: it may have been started all the same.
   */
  async startJob(scope: Scope, wanted: WantedJob): Promise<void> {
    await startJob(this.#asked, scope, wanted);
  }

  /** The full order for a program that runs once as a service runs. Errors: those of the bindings. */
  async oneOffOrder(scope: Scope, wanted: WantedOneOff): Promise<OneOffOrder> {
    return await oneOffOrder(this.#asked.bindings, scope, wanted);
  }

  /** Something that gates or routing depend on has changed: look at once. */
  wake(scope: Scope): void {
    this.#runner(scope).askAnew();
  }

  /**
   * A new rollout settles the one before it: when that one is live and only watched, its watch ends now. Answers
   * whether no rollout is under way any more.
   */
  async settle(scope: Scope, by: Command['actor']): Promise<boolean> {
    const deadline = this.#parts.clock.now() + settleWaitMs;
    while (this.#parts.clock.now() < deadline) {
      const { rollout } = this.view(scope);
      if (rollout === null || rollout.end !== null) return true;
      // A person's pause is not ended by somebody else's deploy.
      if (rollout.direction === 'back' || rollout.pause !== null) return false;
      const phase = rollout.plan.steps[rollout.index]?.phase ?? 'settled';
      if (phase !== 'watch' && phase !== 'settled') return false;
      if (phase === 'watch' && !rollout.advanced) await this.#endWatch(scope, by);
      await this.#parts.clock.sleep(25, new AbortController().signal);
    }
    return this.view(scope).rollout?.end !== null;
  }

  /** By the time it is heard the watch may be over: then there is nothing to end. */
  async #endWatch(scope: Scope, by: Command['actor']): Promise<void> {
    try {
      await this.command(scope, { kind: 'advance', actor: by, reason: 'a newer rollout was started' });
    } catch (error) {
      if (!(error instanceof LotseError && error.code === 'conflict')) throw error;
    }
  }

  /** Ends the loops; what runs goes on. */
  async close(): Promise<void> {
    await Promise.all([...this.#runners.values()].map((runner) => runner.close()));
    this.#patience.close();
  }

  /**
   * Ends the loops and stops everything that runs. What is ordered stays on record: the next start takes it up again.
   * Resolves when nothing runs any more, at the latest when every drain and grace is over.
   */
  async suspend(): Promise<void> {
    await this.close();
    await Promise.all([...this.#runners.values()].map((runner) => runner.suspend()));
  }

  async #open(scope: Scope): Promise<void> {
    const runner = new EnvironmentRunner(this.#parts, { counters: this.#counters, sights: this.#sights }, scope);
    await runner.open();
    this.#runners.set(chainOf(scope), runner);
  }

  #runner(scope: Scope): EnvironmentRunner {
    const runner = this.#runners.get(chainOf(scope));
    if (runner === undefined) throw new Error(`environment ${chainOf(scope)} was never added`);
    return runner;
  }
}

export type { EngineParts } from './parts.ts';
export type { EnvironmentView } from './environment-log.ts';
export type { SeriesQuestion, TrafficHistory } from './traffic-series.ts';
export type { Judged } from './judged-rollout.ts';
export type { Bindings, FrontDoor, RevisionPorts, Surroundings } from './bindings.ts';
export type { OwnerLock } from './owner-lock.ts';
