import { LotseError, toLotseError } from '../core/errors.ts';
import type { Actor } from '../core/events.ts';
import type { Scope } from '../core/ids.ts';
import { decide, type Ask, type Decision } from '../rollout/decide.ts';
import type { Command, Fact } from '../rollout/facts.ts';
import type { Effect, Plan } from '../rollout/plan.ts';
import type { RolloutState } from '../rollout/rollout-state.ts';
import { EnvironmentLog, type EnvironmentView } from './environment-log.ts';
import { observe } from './observe.ts';
import type { EngineParts } from './parts.ts';
import { perform } from './perform.ts';
import { Reconciler } from './reconcile.ts';

/** How often slots are looked at while nothing moves, and how long the loop rests after a problem, in milliseconds. */
const idleLookMs = 1_000;
const afterProblemMs = 500;
/** How long a suspension waits for drains, in milliseconds. */
const suspendMs = 60_000;

interface Waiting {
  readonly command: Command;
  readonly answer: (refused: string | null) => void;
}

/**
 * The loop of one environment: load → decide → write the intent → perform → write the outcome → again. One owner, one
 * thing at a time; everything that it knows can be read back from the journal.
 */
export class EnvironmentRunner {
  readonly scope: Scope;
  readonly #parts: EngineParts;
  readonly #log: EnvironmentLog;
  readonly #reconciler: Reconciler;
  readonly #stop = new AbortController();
  #nudge = new AbortController();
  #beginning = false;
  /** Orders have changed without a rollout: all are handed over again. */
  #isStale = false;
  #facts: Fact[] = [];
  #commands: Waiting[] = [];
  #loop: Promise<void> = Promise.resolve();

  constructor(parts: EngineParts, scope: Scope) {
    this.scope = scope;
    this.#parts = parts;
    this.#log = new EnvironmentLog(parts, scope);
    this.#reconciler = new Reconciler(parts, scope);
  }

  get view(): EnvironmentView {
    return this.#log.view;
  }

  get slots() {
    return this.#reconciler.slots;
  }

  /** Reads the journal and puts everything that is ordered in force again, then loops until `close`. */
  async open(): Promise<void> {
    await this.#log.load();
    this.#facts = [{ kind: 'restarted' }];
    this.#loop = this.#run();
  }

  /** Writes the plan as the environment's rollout. Errors: `conflict` while another one has not ended. */
  async begin(plan: Plan): Promise<void> {
    const { rollout, environment } = this.#log.view;
    if (this.#beginning) throw new LotseError('conflict', 'another rollout is just being started', { retriable: true });
    if (rollout !== null && rollout.end === null) {
      throw new LotseError('conflict', `${rollout.plan.rollout} has not ended`, {
        hint: 'Wait for it, or take it back with `lotse rollback`.',
      });
    }
    const before = plan.before.kind === 'revision' ? plan.before.revision : null;
    if (before !== (environment.serving?.revision ?? null)) {
      throw new LotseError('conflict', 'the environment has changed since this was planned', { retriable: true });
    }
    this.#beginning = true;
    try {
      await this.#log.append(plan.rollout, [{ type: 'rollout-planned', payload: { plan }, actor: plan.startedBy }]);
    } finally {
      this.#beginning = false;
    }
    this.wake();
  }

  /** Everything stops; the data stays. Errors: `conflict` while a rollout is under way. */
  async takeDown(actor: Actor, reason: string | null): Promise<void> {
    const { rollout } = this.#log.view;
    if (rollout !== null && rollout.end === null) {
      throw new LotseError('conflict', `${rollout.plan.rollout} has not ended`, {
        hint: 'End it with `lotse cancel` first.',
      });
    }
    await this.#log.append(null, [{ type: 'environment-downed', payload: {}, actor, reason }]);
    this.#isStale = true;
    this.wake();
  }

  /** Hands a person's command to the machine; resolves when it is written. Errors: `conflict` when it does not apply. */
  async command(command: Command): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<string | null>();
    this.#commands.push({ command, answer: resolve });
    this.wake();
    const refused = await promise;
    if (refused !== null) throw new LotseError('conflict', refused);
  }

  wake(): void {
    this.#nudge.abort();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.wake();
    await this.#loop;
    for (const waiting of this.#commands) waiting.answer('the control plane is stopping');
  }

  /** After `close`: stops what runs without changing what is ordered. */
  async suspend(): Promise<void> {
    const { orders } = this.#log.view.environment;
    for (const order of orders) await this.#reconciler.order({ ...order, slots: 0 });
    const deadline = this.#parts.clock.now() + suspendMs;
    while ((await this.#reconciler.look()).length > 0 && this.#parts.clock.now() < deadline) {
      await this.#parts.clock.sleep(50, new AbortController().signal);
    }
  }

  async #run(): Promise<void> {
    await this.#untilDone('taking up orders', () => this.#takeUp());
    while (!this.#stop.signal.aborted) {
      const restMs = await this.#attempt('following orders', () => this.#turn(), afterProblemMs);
      if (restMs > 0) await this.#rest(restMs);
    }
  }

  /** After a start: every order is handed over again (levels, so nothing starts twice), then the routing document. */
  async #takeUp(): Promise<void> {
    const { environment } = this.#log.view;
    for (const order of environment.orders) await this.#reconciler.order(order);
    await this.#reconciler.look();
    await this.#reconciler.publishAgain(environment);
  }

  /** One turn of the loop; answers how long it may rest, in milliseconds. */
  async #turn(): Promise<number> {
    if (this.#isStale) await this.#takeUp();
    this.#isStale = false;
    await this.#reconciler.look();
    await this.#reconciler.publish(this.#log.view.environment);
    const { rollout } = this.#log.view;
    const waiting = this.#commands.shift();
    if (rollout === null) {
      waiting?.answer('no rollout has ever been started here');
      return idleLookMs;
    }
    if (waiting) this.#facts.unshift({ kind: 'command', command: waiting.command });
    if (rollout.end !== null && !waiting) {
      this.#facts = [];
      return idleLookMs;
    }
    const now = this.#parts.clock.now();
    const decision = decide(rollout, this.#facts.shift() ?? { kind: 'tick' }, now);
    await this.#follow(rollout, decision);
    waiting?.answer(decision.refused);
    return this.#facts.length > 0 || decision.events.length > 0
      ? 0
      : Math.max(1, (decision.wakeAt ?? now + idleLookMs) - now);
  }

  async #follow(rollout: RolloutState, decision: Decision): Promise<void> {
    if (decision.events.length > 0) await this.#log.append(rollout.plan.rollout, decision.events);
    if (decision.events.some((event) => event.type === 'rollout-ended')) await this.#ended(decision.effects);
    else if (decision.effects.length > 0) this.#facts.push(await this.#perform(decision.effects));
    if (decision.ask !== null) this.#facts.push(await this.#answer(rollout.plan, decision.ask));
  }

  /** A stranded rollout orders where traffic goes now; the turns to come keep it so. */
  async #ended(effects: readonly Effect[]): Promise<void> {
    this.#facts = [];
    await this.#perform(effects);
  }

  async #perform(effects: readonly Effect[]): Promise<Fact> {
    try {
      await perform(this.#parts, this.scope, this.#reconciler, this.#log.view.environment, effects);
      return { kind: 'performed' };
    } catch (thrown) {
      const { code, message, retriable } = toLotseError(thrown);
      return { kind: 'perform-failed', code, message, retriable };
    }
  }

  async #answer(plan: Plan, ask: Ask): Promise<Fact> {
    if (ask.kind === 'gates') return { kind: 'gates', results: await this.#parts.bindings.gates(plan, ask.gates) };
    const slots = await this.#reconciler.look();
    return { kind: 'observed', observation: await observe(this.#parts, this.scope, slots, ask, this.#stop.signal) };
  }

  async #rest(ms: number): Promise<void> {
    await this.#parts.clock.sleep(ms, AbortSignal.any([this.#nudge.signal, this.#stop.signal]));
    this.#nudge = new AbortController();
  }

  /** Ports fail; the loop does not. Answers `otherwise` after a problem that was reported. */
  async #attempt<Value>(during: string, act: () => Promise<Value>, otherwise: Value): Promise<Value> {
    try {
      return await act();
    } catch (error) {
      this.#parts.log({ environment: `${this.scope.app}/${this.scope.environment}`, during, error });
      if (error instanceof LotseError && error.code === 'fenced-off') this.#stop.abort();
      return otherwise;
    }
  }

  async #untilDone(during: string, act: () => Promise<void>): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const done = await this.#attempt(during, () => act().then(() => true), false);
      if (done) return;
      await this.#rest(afterProblemMs);
    }
  }
}
