import { LotseError } from '../../src/core/errors.ts';
import { chainOf, type ChainName, type Scope } from '../../src/core/ids.ts';
import { Engine, type EngineParts } from '../../src/engine/engine.ts';
import type { SignalQuestion } from '../../src/ports/signals/signals.ts';
import type { ServiceOrder, Target } from '../../src/ports/targets/targets.ts';
import type { TrafficRouter } from '../../src/ports/traffic/traffic.ts';
import { Calls } from './calls.ts';
import type { GateAnswer } from './course-invariants.ts';
import type { Knowledge } from './invariants.ts';
import type { HalfStart } from './simulated-target.ts';
import type { Shore } from './shore.ts';
import { Sightings } from './sightings.ts';
import { whatIsAsked } from './simulated-signals.ts';
import { clockOn } from './virtual-time.ts';
import type { Weather } from './weather.ts';
import type { World } from './world.ts';

/** What reads signals waits so long for an answer, in milliseconds. */
const signalMs = 10_000;

/** The process is gone: thrown where it happens; whatever it had asked for never answers. */
class Killed extends Error {}

/** Puts a bug where a real one could be: the simulator must find it. */
export type Saboteur = (parts: EngineParts) => EngineParts;

export interface ControlPlaneOptions {
  readonly weather: Weather;
  readonly onEnd: () => void;
  readonly saboteur: Saboteur | null;
}

/** One life of the control plane: a real engine on ports that reach into the world, fail, and may be cut off. */
export class ControlPlane {
  readonly engine: Engine;
  readonly #worlds: readonly [World, ...World[]];
  readonly #shore: Shore;
  readonly #weather: Weather;
  readonly #calls: Calls;
  readonly #sightings = new Map<World, Sightings>();
  readonly #gates = new Map<World, GateAnswer>();
  readonly #onEnd: () => void;
  #isDead = false;
  #fence: number;
  /** Of routing documents: an older one is refused. */
  #version = 0;

  constructor(worlds: readonly [World, ...World[]], { weather, onEnd, saboteur }: ControlPlaneOptions) {
    this.#worlds = worlds;
    this.#shore = worlds[0].shore;
    this.#weather = weather;
    this.#onEnd = onEnd;
    this.#fence = ++this.#shore.fence;
    this.#calls = new Calls(weather, { isDead: () => this.#isDead, kill: (point) => this.#kill(point) });
    for (const { signals } of worlds) signals.forget();
    const parts = this.#parts();
    this.engine = new Engine(saboteur === null ? parts : saboteur(parts));
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  #worldOf({ app, environment }: Scope): World {
    const isIt = ({ scope }: World) => scope.environment === environment && scope.app === app;
    return this.#worlds.find(isIt) ?? this.#worlds[0];
  }

  #worldOfChain(chain: ChainName): World {
    return this.#worlds.find(({ scope }) => chainOf(scope) === chain) ?? this.#worlds[0];
  }

  /** The key of a job begins with its environment. */
  #worldOfJob(key: string): World {
    const [app = '', environment = ''] = key.split('/');
    return this.#worldOf({ app, environment });
  }

  #knowledge(world: World): Knowledge {
    const judged = this.engine.judged(world.scope);
    const isOfNow = judged?.rollout === world.invariants.rollout?.plan.rollout;
    const judgement = judged !== null && isOfNow ? judged.judgement : null;
    const { slots, seenMs } = this.#sightingsOf(world).known(this.engine.slots(world.scope));
    return { slots, seenMs, gates: this.#gates.get(world) ?? null, judgement };
  }

  #sightingsOf(world: World): Sightings {
    const known = this.#sightings.get(world) ?? new Sightings();
    this.#sightings.set(world, known);
    return known;
  }

  #parts(): EngineParts {
    const fence = () => this.#fence;
    const raise = (seen: number) => (this.#fence = this.#shore.fence = Math.max(this.#shore.fence, seen) + 1);
    return {
      journal: this.#journal(),
      checkpoints: this.#checkpoints(),
      lock: {
        get fence() {
          return fence();
        },
        raiseAbove: async (seen) => raise(seen),
        release: async () => undefined,
      },
      target: this.#target(),
      traffic: this.#traffic(),
      signals: { read: async (question) => await this.#signal(question) },
      bindings: this.#bindings(),
      clock: clockOn(
        this.#shore.time,
        () => this.#shore.clockOffsetMs,
        () => this.#isDead,
      ),
      log: ({ during, error }) => {
        const isExpected = error instanceof LotseError && error.code !== 'internal';
        if (!isExpected && !this.#isDead) this.#shore.violate(`${during}: ${String(error)}`);
      },
      atPoint: (point) => {
        if (!this.#isDead && this.#weather.kills()) this.#kill(point);
        if (this.#isDead) throw new Killed(point);
      },
    };
  }

  #journal(): EngineParts['journal'] {
    return {
      append: (chain, token, drafts) => {
        const world = this.#worldOfChain(chain);
        return this.#calls.deed('journal', world, () => {
          if (token < this.#shore.fence) throw new LotseError('fenced-off', 'a newer control plane owns this');
          const events = world.journal.append(chain, token, drafts, this.#shore.time.now + this.#shore.clockOffsetMs);
          world.invariants.appended(events, this.#knowledge(world));
          return events;
        });
      },
      read: (chain, query) => {
        const world = this.#worldOfChain(chain);
        return this.#calls.look('journal', world, () => world.journal.read(query));
      },
      heads: () => this.#calls.look('journal', this.#worlds[0], () => ({})),
    };
  }

  /** Rows of the same disk as the journal's. */
  #checkpoints(): EngineParts['checkpoints'] {
    const { checkpoints } = this.#shore;
    const worldOf = (key: string) =>
      this.#worlds.find(({ invariants }) => key.endsWith(`/${invariants.rollout?.plan.rollout}`)) ?? this.#worlds[0];
    return {
      load: (key) => this.#calls.look('journal', worldOf(key), () => checkpoints.get(key) ?? null),
      save: (key, value) => {
        const world = worldOf(key);
        return this.#calls.deed('journal', world, () => {
          checkpoints.set(key, value);
          world.invariants.judging.looked(this.engine.judged(world.scope));
        });
      },
      remove: (key) => this.#calls.deed('journal', worldOf(key), () => void checkpoints.delete(key)),
    };
  }

  #target(): Target {
    const calls = this.#calls;
    const unused = () => {
      throw new Error('the engine does not ask this');
    };
    return {
      traits: {
        name: 'process',
        instances: 'lotse',
        scaling: 'lotse',
        traffic: 'lotse',
        addresses: 'per-slot',
        notes: [],
      },
      ensure: (order) => {
        const world = this.#worldOf(order);
        const given = world.target.nextOrder();
        return calls.deed('target', world, (isRepeated) => this.#ensure(order, given, isRepeated));
      },
      observe: async (scope) => {
        const world = this.#worldOf(scope);
        const askedMs = world.time.now;
        const sighting = await calls.look('target', world, () => {
          this.#mayLie(world);
          return { slots: world.target.observe(), seenMs: world.time.now };
        });
        this.#sightingsOf(world).cameBack(sighting, world.time.now - askedMs);
        return sighting.slots;
      },
      startJob: (order) => {
        const world = this.#worldOf(order);
        return calls.deed('target', world, () => world.target.startJob(order));
      },
      observeJob: (key) => {
        const world = this.#worldOfJob(key);
        return calls.look('target', world, () => world.target.observeJob(key));
      },
      cancelJob: (key) => {
        const world = this.#worldOfJob(key);
        return calls.deed('target', world, () => world.target.cancelJob(key));
      },
      logs: unused,
      room: async () => null,
      close: async () => undefined,
    };
  }

  #ensure(order: ServiceOrder, given: number, isRepeated: boolean): void {
    const world = this.#worldOf(order);
    const fault = isRepeated ? null : this.#weather.strikes('half start', world.scope.environment);
    let half: HalfStart | null = null;
    if (fault !== null && order.slots > 0) {
      const slots = this.#weather.howMuch(fault, 0, order.slots - 1);
      half = { slots, restAfterMs: this.#weather.howMuch(fault, 100, 3_000) };
      world.count('faults: half start');
      world.note(`${order.definition.service}: only ${slots} of ${order.slots} start at first`);
      world.hadMishap();
    }
    world.target.ensure(order, given, half);
  }

  #mayLie(world: World): void {
    const fault = this.#weather.strikes('lie', world.scope.environment);
    if (fault === null) return;
    world.count('faults: lie');
    world.note('the target lies about a slot');
    world.hadMishap();
    world.target.lie(this.#weather.howMuch(fault, 0, 999), this.#weather.howMuch(fault, 30, 3_000));
  }

  #traffic(): TrafficRouter {
    const calls = this.#calls;
    const [first] = this.#worlds;
    const worlds = this.#worlds;
    return {
      publish: async (environments) => {
        for (const routing of environments) {
          const world = this.#worldOf(routing);
          const version = ++this.#version;
          if (!this.#isDead) world.invariants.published(routing, this.#knowledge(world));
          await calls.deed('traffic', world, () => world.traffic.publish({ fence: this.#fence, version }, routing));
        }
      },
      withdraw: async () => undefined,
      status: () => calls.look('traffic', first, () => this.#status()),
      environments: () => calls.look('traffic', first, () => worlds.flatMap(({ traffic }) => traffic.routing ?? [])),
      counters: () => calls.look('traffic', first, () => worlds.flatMap((world) => this.#counters(world))),
      acknowledge: async (epochs) => {
        for (const { scope, epoch, proxyStart } of epochs) {
          const world = this.#worldOf(scope);
          await calls.deed('traffic', world, () => world.invariants.judging.acknowledged(epoch, proxyStart));
        }
      },
      prove: (question) => {
        const world = this.#worldOf(question);
        return calls.look('traffic', world, () => world.traffic.prove(question));
      },
      keepJournalHeads: async () => undefined,
    };
  }

  #status(): Awaited<ReturnType<TrafficRouter['status']>> {
    const status = { pid: 1, controlProtocol: 1, version: 1, confirmed: true, workers: [] } as const;
    const more = { build: 'one', drainingWorkers: 0, heldRequests: 0, overrides: [], problems: [], journalHeads: {} };
    const addresses = this.#worlds.flatMap((world) => world.traffic.addresses());
    const fence = Math.max(...this.#worlds.map((world) => world.traffic.fence));
    return { ...status, ...more, proxyStart: this.#worlds[0].traffic.flow.proxyStart, fence, addresses };
  }

  #counters(world: World) {
    if (this.#weather.strikes('proxy restart', world.scope.environment) !== null) {
      world.count('faults: proxy restart');
      world.traffic.flow.restart();
    }
    return world.traffic.flow.read();
  }

  #bindings(): EngineParts['bindings'] {
    return {
      revision: async (scope, id) => {
        const revision = this.#worldOf(scope).revisions.get(id);
        if (revision === undefined) throw new LotseError('not-found', `there is no ${id}`);
        return revision;
      },
      frontDoor: async ({ environment }) => ({
        domains: [`${environment}.shop.test`],
        previewDomains: [],
        https: null,
        port: null,
        url: 'http://127.0.0.1:1',
      }),
      ports: async () => ({ pinned: 1, internal: {}, inner: null }),
      release: async () => undefined,
      surroundings: async () => ({ variables: {}, storeFolders: [] }),
      gates: async (plan, ids) => {
        const world = this.#worldOf(plan);
        const answer = await this.#calls.look('gates', world, () => ({
          at: world.time.now,
          results: world.gates(plan, ids),
        }));
        this.#gates.set(world, { ...answer, toldAt: world.time.now });
        return answer.results;
      },
      signals: async (plan) => {
        const world = this.#worldOf(plan);
        const queries = world.signals.queries(plan);
        return queries.length === 0 ? [] : await this.#calls.look('signals', world, () => queries);
      },
      learnFixedPort: async () => undefined,
    };
  }

  async #signal(question: SignalQuestion): Promise<number> {
    const { environment, release } = whatIsAsked(question);
    const world = this.#worldOf({ app: 'shop', environment });
    const late = world.time.sleep(signalMs).then(() => {
      throw new LotseError('timeout', 'whoever measures sales does not answer', { retriable: true });
    });
    try {
      const value = await Promise.race([this.#calls.look('signals', world, () => world.signals.value(release)), late]);
      world.signals.answered(release, 'heard');
      return value;
    } catch (error) {
      world.signals.answered(release, 'failed');
      throw error;
    }
  }

  #kill(point: string): void {
    this.#shore.count('faults: crash');
    this.#end(`killed ${point}`);
  }

  #end(how: string): void {
    if (this.#isDead) return;
    this.#isDead = true;
    this.#shore.note(how);
    this.#onEnd();
  }

  /** Takes up the environments as a start of the control plane does; where that fails, the process ends. */
  start(onUp: () => void): void {
    const isUp = () => {
      if (!this.#isDead) onUp();
    };
    this.engine
      .open(this.#worlds.map(({ scope }) => scope))
      .then(isUp, () => this.#end('the control plane could not start'));
  }
}
