import { LotseError } from '../core/errors.ts';
import type { Actor } from '../core/events.ts';
import type { Scope } from '../core/ids.ts';
import type { Address } from '../core/routing-document.ts';
import type { Decision } from '../rollout/decide.ts';
import { isBefore, type SlotOrder } from '../rollout/environment-state.ts';
import type { Command, Fact } from '../rollout/facts.ts';
import type { Plan } from '../rollout/plan.ts';
import type { RolloutState } from '../rollout/rollout-state.ts';
import { CommandQueue, type WaitingCommand } from './command-queue.ts';
import { decideOn } from './decide-on.ts';
import { EnvironmentLog, type EnvironmentView } from './environment-log.ts';
import { Errands } from './errands.ts';
import { Foresight } from './foresight.ts';
import { JobsInDoubt } from './jobs-in-doubt.ts';
import { Judging } from './judging.ts';
import type { EngineParts } from './parts.ts';
import { PassingTime } from './passing-time.ts';
import { Patience } from './patience.ts';
import { patientParts, type Doubtful } from './patient-parts.ts';
import { Reconciler } from './reconcile.ts';
import type { SharedCounters } from './shared-counters.ts';
import type { Sights } from './sights.ts';

/** How often slots are looked at while nothing moves, and how long the loop rests after a problem, in milliseconds. */
const idleLookMs = 1_000;
const afterProblemMs = 500;
/** How old the answer of gates may be when it is decided upon, in milliseconds: a slow call may come in between. */
const answerMs = 1_500;
/** How long a suspension waits for drains, in milliseconds. */
const suspendMs = 60_000;
/** How often is looked whether all has stopped, in milliseconds. */
const stoppingLookMs = 50;

/** What all environments have in common. */
interface Shared {
  readonly counters: SharedCounters;
  readonly sights: Sights;
}

/**
 * The loop of one environment: load → decide → write the intent → perform → write the outcome → again. One owner, one
 * thing at a time; everything that it knows can be read back from the journal.
 */
export class EnvironmentRunner {
  readonly scope: Scope;
  readonly #parts: EngineParts;
  readonly #patience: Patience;
  readonly #log: EnvironmentLog;
  readonly #reconciler: Reconciler;
  readonly #foresight: Foresight;
  readonly #judging: Judging;
  readonly #sights: Sights;
  readonly #errands: Errands;
  readonly #jobsInDoubt: JobsInDoubt;
  readonly #time: PassingTime;
  readonly #stop = new AbortController();
  #nudge = new AbortController();
  #beginning = false;
  #isInForce = true;
  #facts: Fact[] = [];
  /** By the clock that nobody sets. */
  #gatesAnsweredAtMs = 0;
  readonly #commands = new CommandQueue();
  #loop: Promise<void> = Promise.resolve();

  constructor(all: EngineParts, { counters, sights }: Shared, scope: Scope) {
    this.#patience = new Patience(all.clock);
    const parts = patientParts(all, this.#patience, (what) => this.#doubt(what));
    this.scope = scope;
    this.#sights = sights;
    this.#parts = parts;
    this.#log = new EnvironmentLog(parts, scope);
    this.#reconciler = new Reconciler(parts, scope);
    this.#foresight = new Foresight(parts);
    this.#judging = new Judging(parts, counters, scope);
    this.#errands = new Errands({ parts, scope, reconciler: this.#reconciler, judging: this.#judging });
    this.#jobsInDoubt = new JobsInDoubt(parts);
    this.#time = new PassingTime(parts.clock);
  }

  get view(): EnvironmentView {
    return this.#log.view;
  }

  get slots() {
    return this.#reconciler.slots;
  }

  get judged() {
    return this.#judging.judged;
  }

  /** Reads the journal and puts everything that is ordered in force again, then loops until `close`. */
  async open(): Promise<void> {
    const view = await this.#log.load();
    this.#reconciler.handOver(view.environment.orders);
    this.#judging.takeUp(view);
    this.#loop = this.#run();
  }

  /** Writes the plan as the environment's rollout. Errors: `conflict` while another one has not ended. */
  async begin(plan: Plan): Promise<void> {
    this.#refuseUnderWay('Wait for it, or take it back with `lotse rollback`.');
    if (!isBefore(plan.before, this.#log.view.environment)) {
      throw new LotseError('conflict', 'the environment has changed since this was planned', { retriable: true });
    }
    await this.#alone(() =>
      this.#log.append(plan.rollout, [{ type: 'rollout-planned', payload: { plan }, actor: plan.startedBy }]),
    );
    this.wake();
  }

  /** Everything stops; the data stays. Errors: `conflict` while a rollout is under way. */
  async takeDown(actor: Actor, reason: string | null): Promise<void> {
    this.#refuseUnderWay('End it with `lotse cancel` first.');
    await this.#alone(() => this.#log.append(null, [{ type: 'environment-downed', payload: {}, actor, reason }]));
    this.wake();
  }

  /** Users get what serves at this address; harmless when they do. Errors: `conflict` once a revision serves, or moves. */
  async adopt({ host, port }: Address, actor: Actor, reason: string | null): Promise<void> {
    this.#refuseUnderWay('End it with `lotse cancel` first.');
    const { serving, level } = this.#log.view.environment;
    if (serving !== null) {
      throw new LotseError('conflict', `${serving.release} serves ${this.scope.environment}`, {
        hint: 'What served before Lotse is adopted before the first release.',
      });
    }
    if (level.kind === 'adopted' && level.host === host && level.port === port) return;
    const payload = { host, port };
    await this.#alone(() => this.#log.append(null, [{ type: 'upstream-adopted', payload, actor, reason }]));
    this.wake();
  }

  #refuseUnderWay(hint: string): void {
    const { rollout } = this.#log.view;
    if (rollout === null || rollout.end !== null) return;
    throw new LotseError('conflict', `${rollout.plan.rollout} has not ended`, { hint });
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

  /** Something that gates depend on has changed. */
  askAnew(): void {
    this.#foresight.forget();
    this.wake();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.wake();
    await this.#loop;
    this.#judging.close();
    this.#patience.close();
  }

  /** After `close`: stops what runs without changing what is ordered. */
  async suspend(): Promise<void> {
    let untold = this.#log.view.environment.orders;
    const { clock } = this.#parts;
    const untilMs = clock.uptime() + suspendMs;
    const isRunning = async () => (await this.#reconciler.look()).length > 0;
    for (;;) {
      untold = await this.#stopAll(untold);
      const isOver = !(await this.#attempt('waiting for what runs', isRunning, true));
      if (isOver || clock.uptime() >= untilMs) break;
      await clock.sleep(untold.length === 0 ? stoppingLookMs : afterProblemMs, new AbortController().signal);
    }
    this.#patience.close();
  }

  /** Answers those that could not be given. */
  async #stopAll(orders: readonly SlotOrder[]): Promise<readonly SlotOrder[]> {
    const untold: SlotOrder[] = [];
    for (const order of orders) {
      const stop = () => this.#reconciler.order({ ...order, slots: 0 }).then(() => true);
      if (!(await this.#attempt('stopping what runs', stop, false))) untold.push(order);
    }
    return untold;
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
    const look = () => this.#errands.look().then(() => true);
    const isSeen = await this.#attempt('looking at the slots', look, false);
    this.#sights.compare(this.scope, this.slots, this.judged);
    const waiting = this.#commands.take();
    try {
      // What was just seen is fresh enough for what follows from it: users wait for nothing that is not about them.
      let restMs = await this.#decideFirst(waiting);
      while (restMs === 0 && this.#commands.isEmpty && !this.#stop.signal.aborted) restMs = await this.#decide(null);
      await this.#judging.tidy(this.#log.view);
      const longestMs = isSeen && this.#isInForce ? idleLookMs : afterProblemMs;
      return this.#commands.isEmpty ? Math.min(restMs, longestMs) : 0;
    } catch (error) {
      waiting?.fail(error);
      throw error;
    }
  }

  async #decideFirst(waiting: WaitingCommand | null): Promise<number> {
    try {
      return await this.#decide(waiting);
    } finally {
      await this.#followOrders();
    }
  }

  /** Keeps proxies and target at what is ordered. A failure here holds up neither decisions nor commands. */
  async #followOrders(): Promise<void> {
    const { environment } = this.#log.view;
    // Users first: nobody is sent to what an order is about to stop.
    const publish = () => this.#reconciler.publish(environment).then(() => true);
    const isPublished = await this.#attempt('publishing the routes', publish, false);
    this.#isInForce = (await this.#reconciler.keepOrders(environment)) && isPublished;
    const { rollout } = this.#log.view;
    await this.#attempt('ending a job', () => this.#jobsInDoubt.settle(rollout), undefined);
  }

  #doubt(what: Doubtful): void {
    if (what.kind === 'routes') this.#reconciler.doubtRoutes();
    else if (what.kind === 'job') this.#jobsInDoubt.add(what.key);
    else this.#reconciler.doubt({ revision: what.order.revision, service: what.order.definition.service });
    this.wake();
  }

  async #decide(waiting: WaitingCommand | null): Promise<number> {
    const { rollout } = this.#log.view;
    if (rollout === null) waiting?.answer('no rollout has ever been started here');
    if (rollout === null || (rollout.end !== null && waiting === null)) {
      this.#facts = [];
      return idleLookMs;
    }
    const now = this.#time.notice();
    const fact: Fact = waiting === null ? this.#nextFact() : { kind: 'command', ...waiting };
    const decision = decideOn(rollout, fact, now, (step) => this.#foresight.of(step));
    if (decision.events.length > 0) await this.#log.append(rollout.plan.rollout, decision.events);
    // It is written: whatever fails from here on is no matter of the command.
    waiting?.answer(decision.refused);
    await this.#follow(rollout, decision);
    if (fact.kind === 'restarted') this.#time.told();
    if (this.#time.isLost || this.#facts.length > 0 || decision.events.length > 0) return 0;
    await this.#foresight.look(rollout);
    return Math.max(1, (decision.wakeAt ?? now + idleLookMs) - now);
  }

  /** What was seen or asked before lost time, and what gates have said too long ago, is asked again. */
  #nextFact(): Fact {
    if (this.#time.isLost) {
      this.#facts = [];
      return { kind: 'restarted' };
    }
    const fact = this.#facts.shift() ?? { kind: 'tick' };
    const isStale = this.#parts.clock.uptime() - this.#gatesAnsweredAtMs > answerMs;
    return fact.kind === 'gates' && isStale ? { kind: 'tick' } : fact;
  }

  async #follow(rollout: RolloutState, decision: Decision): Promise<void> {
    const { events, effects, ask } = decision;
    if (events.some((event) => event.type === 'rollout-turned')) {
      await this.#attempt('ending a job', () => this.#jobsInDoubt.end(rollout), undefined);
    }
    if (effects.length > 0) this.#facts.push(await this.#errands.perform(this.#log.view, effects));
    if (ask === null) return;
    const answer = await this.#errands.answer(this.#log.view, rollout, ask, this.#stop.signal);
    if (answer.kind === 'gates') this.#gatesAnsweredAtMs = this.#parts.clock.uptime();
    // An older answer that a command came before is out of date: what was open then may be shut now, what was well is not.
    this.#facts = [...this.#facts.filter((fact) => questionOf(fact) !== questionOf(answer)), answer];
  }

  async #rest(ms: number): Promise<void> {
    await this.#time.rest(ms, this.#nudge.signal);
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
}

/** What it answers: harm is told in place of what was observed. */
function questionOf({ kind }: Fact): string {
  return kind === 'judged' ? 'observed' : kind;
}
