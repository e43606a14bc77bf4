import type { Actor } from '../core/events.ts';
import { chainOf, type Scope } from '../core/ids.ts';
import type { TargetSlot } from '../ports/targets/targets.ts';
import type { Command } from '../rollout/facts.ts';
import type { Plan } from '../rollout/plan.ts';
import { EnvironmentRunner } from './environment-runner.ts';
import { emptyView, type EnvironmentView } from './environment-log.ts';
import type { EngineParts } from './parts.ts';

/** How long `settle` waits for the rollout before to end, in milliseconds. */
const settleWaitMs = 120_000;

/** Runs rollouts durably: one loop an environment. The one public file of this folder. */
export class Engine {
  readonly #parts: EngineParts;
  readonly #runners = new Map<string, EnvironmentRunner>();

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  /** Goes above every fence that a proxy has seen, then takes up each environment where its journal left it. */
  async open(scopes: readonly Scope[]): Promise<void> {
    const { fence } = await this.#parts.traffic.status();
    if (fence >= this.#parts.lock.fence) await this.#parts.lock.raiseAbove(fence);
    for (const scope of scopes) await this.add(scope);
  }

  /** Makes an environment known; harmless when it is. */
  async add(scope: Scope): Promise<void> {
    if (this.#runners.has(chainOf(scope))) return;
    const runner = new EnvironmentRunner(this.#parts, scope);
    this.#runners.set(chainOf(scope), runner);
    await runner.open();
  }

  /** Where the environment and its latest rollout stand; nothing of it is known before its first rollout. */
  view(scope: Scope): EnvironmentView {
    return this.#runners.get(chainOf(scope))?.view ?? emptyView;
  }

  /** What was last seen of its slots; at most a second old while the loop runs. */
  slots(scope: Scope): readonly TargetSlot[] {
    return this.#runners.get(chainOf(scope))?.slots ?? [];
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

  /** Something that gates or routing depend on has changed: look at once. */
  wake(scope: Scope): void {
    this.#runner(scope).wake();
  }

  /**
   * A new rollout settles the one before it: when that one is live and only watched, its watch ends now. Answers
   * whether no rollout is under way any more.
   */
  async settle(scope: Scope, by: Command['actor']): Promise<boolean> {
    const isOver = () => this.view(scope).rollout === null || this.view(scope).rollout?.end !== null;
    const { rollout } = this.view(scope);
    if (rollout === null || isOver()) return true;
    const step = rollout.plan.steps[rollout.index];
    if (rollout.direction === 'back' || (step !== undefined && step.phase !== 'watch' && step.phase !== 'settled'))
      return false;
    if (step?.phase === 'watch') {
      await this.command(scope, { kind: 'advance', actor: by, reason: 'a newer rollout was started' });
    }
    const deadline = this.#parts.clock.now() + settleWaitMs;
    while (!isOver() && this.#parts.clock.now() < deadline) {
      await this.#parts.clock.sleep(25, new AbortController().signal);
    }
    return isOver();
  }

  /** Ends the loops; what runs goes on. */
  async close(): Promise<void> {
    await Promise.all([...this.#runners.values()].map((runner) => runner.close()));
  }

  /**
   * Ends the loops and stops everything that runs. What is ordered stays on record: the next start takes it up again.
   * Resolves when nothing runs any more, at the latest when every drain and grace is over.
   */
  async suspend(): Promise<void> {
    await this.close();
    await Promise.all([...this.#runners.values()].map((runner) => runner.suspend()));
  }

  #runner(scope: Scope): EnvironmentRunner {
    const runner = this.#runners.get(chainOf(scope));
    if (runner === undefined) throw new Error(`environment ${chainOf(scope)} was never added`);
    return runner;
  }
}

export type { EngineParts } from './parts.ts';
export type { EnvironmentView } from './environment-log.ts';
export type { Bindings, FrontDoor, RevisionPorts, Surroundings } from './bindings.ts';
