import { LotseError, toLotseError } from '../core/errors.ts';
import type { Actor } from '../core/events.ts';
import type { Scope } from '../core/ids.ts';
import { decide, type Ask, type Decision } from '../rollout/decide.ts';
import type { Command, Fact } from '../rollout/facts.ts';
import type { Effect, Plan } from '../rollout/plan.ts';
import type { RolloutState } from '../rollout/rollout-state.ts';
import { CommandQueue, type WaitingCommand } from './command-queue.ts';
import { EnvironmentLog, type EnvironmentView } from './environment-log.ts';
import { observe, unaddressed } from './observe.ts';
import type { EngineParts } from './parts.ts';
import { cancelJobs, perform } from './perform.ts';
import { Reconciler } from './reconcile.ts';

/** How often slots are looked at while nothing moves, and how long the loop rests after a problem, in milliseconds. */
const idleLookMs = 1_000;
const afterProblemMs = 500;
/** A rest that took so much longer than it should, or ended before it began, was a jump of the clock. */
const jumpMs = 30_000;
/** How long a suspension waits for drains, in milliseconds. */
const suspendMs = 60_000;

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
  /** The slots were looked at in this turn. */
  #isFresh = false;
  #facts: Fact[] = [];
  readonly #commands = new CommandQueue();
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
    const { environment } = await this.#log.load();
    this.#reconciler.handOver(environment.orders);
    this.#facts = [{ kind: 'restarted' }];
    this.#loop = this.#run();
  }

  /** Writes the plan as the environment's rollout. Errors: `conflict` while another one has not ended. */
  async begin(plan: Plan): Promise<void> {
    const { rollout, environment } = this.#log.view;
    if (rollout !== null && rollout.end === null) {
      throw new LotseError('conflict', `${rollout.plan.rollout} has not ended`, {
        hint: 'Wait for it, or take it back with `lotse rollback`.',
      });
    }
    const before = plan.before.kind === 'revision' ? plan.before.revision : null;
    if (before !== (environment.serving?.revision ?? null)) {
      throw new LotseError('conflict', 'the environment has changed since this was planned', { retriable: true });
    }
    await this.#alone(() =>
      this.#log.append(plan.rollout, [{ type: 'rollout-planned', payload: { plan }, actor: plan.startedBy }]),
    );
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
    await this.#alone(() => this.#log.append(null, [{ type: 'environment-downed', payload: {}, actor, reason }]));
    this.wake();
  }

  /** Hands a person's command to the machine; resolves when it is written. Errors: `conflict` when it does not apply. */
  async command(command: Command): Promise<void> {
    const written = this.#commands.ask(command);
    this.wake();
    await written;
  }

  wake(): void {
    this.#nudge.abort();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.wake();
    await this.#loop;
  }

  /** After `close`: stops what runs without changing what is ordered. */
  async suspend(): Promise<void> {
    const { orders } = this.#log.view.environment;
    for (const order of orders) {
      await this.#attempt('stopping what runs', () => this.#reconciler.order({ ...order, slots: 0 }), undefined);
    }
    const deadline = this.#parts.clock.now() + suspendMs;
    while ((await this.#reconciler.look()).length > 0 && this.#parts.clock.now() < deadline) {
      await this.#parts.clock.sleep(50, new AbortController().signal);
    }
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const restMs = await this.#attempt('the rollout', () => this.#turn(), afterProblemMs);
      if (restMs > 0) await this.#rest(restMs);
    }
    this.#commands.close('the control plane is stopping');
  }

  /** What begins or ends a whole environment, one at a time. */
  async #alone(write: () => Promise<void>): Promise<void> {
    if (this.#beginning) throw new LotseError('conflict', 'another rollout is just being started', { retriable: true });
    this.#beginning = true;
    try {
      await write();
    } finally {
      this.#beginning = false;
    }
  }

  /** One turn of the loop; answers how long it may rest, in milliseconds. */
  async #turn(): Promise<number> {
    this.#isFresh = false;
    const isInForce = await this.#attempt('following orders', () => this.#followOrders(), false);
    const waiting = this.#commands.take();
    try {
      let restMs = await this.#decide(waiting);
      while (this.#facts.length > 0 && this.#commands.isEmpty) restMs = await this.#decide(null);
      const longestMs = isInForce ? idleLookMs : afterProblemMs;
      return this.#commands.isEmpty ? Math.min(restMs, longestMs) : 0;
    } catch (error) {
      waiting?.fail(error);
      throw error;
    }
  }

  /** Keeps target and proxies at what is ordered. A failure here holds up neither decisions nor commands. */
  async #followOrders(): Promise<boolean> {
    const { environment } = this.#log.view;
    await this.#reconciler.look();
    this.#isFresh = true;
    // Users first: nobody is sent to what an order is about to stop.
    const publish = () => this.#reconciler.publish(environment).then(() => true);
    const isPublished = await this.#attempt('publishing the routes', publish, false);
    const areKept = await this.#reconciler.keepOrders(environment);
    return isPublished && areKept;
  }

  async #decide(waiting: WaitingCommand | null): Promise<number> {
    const { rollout } = this.#log.view;
    if (rollout === null) waiting?.answer('no rollout has ever been started here');
    if (rollout === null || (rollout.end !== null && waiting === null)) {
      this.#facts = [];
      return idleLookMs;
    }
    const now = this.#parts.clock.now();
    const fact: Fact = waiting === null ? (this.#facts.shift() ?? { kind: 'tick' }) : { kind: 'command', ...waiting };
    const decision = decide(rollout, fact, now);
    await this.#follow(rollout, decision);
    waiting?.answer(decision.refused);
    const isMore = this.#facts.length > 0 || decision.events.length > 0;
    return isMore ? 0 : Math.max(1, (decision.wakeAt ?? now + idleLookMs) - now);
  }

  async #follow(rollout: RolloutState, decision: Decision): Promise<void> {
    const { events, effects, ask } = decision;
    if (events.length > 0) await this.#log.append(rollout.plan.rollout, events);
    if (events.some((event) => event.type === 'rollout-turned')) {
      await this.#attempt('ending a job', () => cancelJobs(this.#parts, rollout), undefined);
    }
    if (events.some((event) => event.type === 'rollout-ended')) await this.#ended(effects);
    else if (effects.length > 0) this.#facts.push(await this.#perform(effects));
    if (ask !== null) this.#facts.push(await this.#answer(rollout.plan, ask));
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
      // Whoever has taken over decides from here on.
      if (code === 'fenced-off') throw thrown;
      return { kind: 'perform-failed', code, message, retriable, slots: this.#reconciler.slots.map(unaddressed) };
    }
  }

  async #answer(plan: Plan, ask: Ask): Promise<Fact> {
    if (ask.kind === 'gates') return { kind: 'gates', results: await this.#parts.bindings.gates(plan, ask.gates) };
    const slots = this.#isFresh ? this.#reconciler.slots : await this.#reconciler.look();
    return { kind: 'observed', observation: await observe(this.#parts, this.scope, slots, ask, this.#stop.signal) };
  }

  async #rest(ms: number): Promise<void> {
    const before = this.#parts.clock.now();
    await this.#parts.clock.sleep(ms, this.#nudge.signal);
    this.#nudge = new AbortController();
    const tookMs = this.#parts.clock.now() - before;
    if (tookMs < 0 || tookMs > ms + jumpMs) this.#facts = [{ kind: 'restarted' }];
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
}
