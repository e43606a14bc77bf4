import { LotseError } from '../../src/core/errors.ts';
import { Engine, type EngineParts } from '../../src/engine/engine.ts';
import type { Target } from '../../src/ports/targets/targets.ts';
import type { TrafficRouter } from '../../src/ports/traffic/traffic.ts';
import type { Knowledge } from './invariants.ts';
import { clockOn } from './virtual-time.ts';
import type { Weather } from './weather.ts';
import { scope, type World } from './world.ts';

/** The process is gone: thrown where it happens; whatever it had asked for never answers. */
class Killed extends Error {}

/** One life of the control plane: a real engine on ports that reach into the world, fail, and may be cut off. */
export class ControlPlane {
  readonly engine: Engine;
  readonly #world: World;
  readonly #weather: Weather;
  #isDead = false;
  #knows: Knowledge = { slots: [], gates: null };

  readonly #onEnd: () => void;

  constructor(world: World, weather: Weather, onEnd: () => void) {
    this.#world = world;
    this.#weather = weather;
    this.#onEnd = onEnd;
    this.engine = new Engine(this.#parts());
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  #parts(): EngineParts {
    const world = this.#world;
    let fence = ++world.fence;
    return {
      journal: {
        append: (chain, token, drafts) =>
          this.#deed('journal', () => {
            const events = world.journal.append(chain, token, drafts, world.time.now);
            world.invariants.appended(events, this.#knows);
            return events;
          }),
        read: (_, query) => this.#look('journal', () => world.journal.read(query)),
        heads: () => this.#look('journal', () => world.journal.heads()),
      },
      lock: {
        get fence() {
          return fence;
        },
        raiseAbove: async (seen) => (fence = world.fence = Math.max(world.fence, seen) + 1),
        release: async () => undefined,
      },
      target: this.#target(),
      traffic: this.#traffic(() => fence),
      bindings: this.#bindings(),
      clock: clockOn(world.time, () => this.#isDead),
      log: ({ during, error }) => {
        if (!(error instanceof LotseError) && !this.#isDead) world.violate(`${during}: ${String(error)}`);
      },
      atPoint: (point) => {
        if (!this.#isDead && this.#weather.killsAt(point)) this.#kill(point);
        if (this.#isDead) throw new Killed(point);
      },
    };
  }

  #target(): Target {
    const { target } = this.#world;
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
      ensure: (order) => this.#deed('target', () => target.ensure(order)),
      observe: () =>
        this.#look('target', () => {
          const slots = target.observe();
          this.#knows = { ...this.#knows, slots };
          return slots;
        }),
      startJob: (order) => this.#deed('target', () => target.startJob(order)),
      observeJob: (key) => this.#look('target', () => target.observeJob(key)),
      cancelJob: (key) => this.#deed('target', () => target.cancelJob(key)),
      logs: unused,
      room: async () => null,
      close: async () => undefined,
    };
  }

  #traffic(fence: () => number): TrafficRouter {
    const world = this.#world;
    const { traffic } = world;
    return {
      publish: (environments) =>
        this.#deed('traffic', () => {
          for (const routing of environments) world.invariants.published(routing, this.#knows);
          traffic.publish(fence(), environments);
        }),
      withdraw: async () => undefined,
      status: () => this.#look('traffic', () => traffic.status()),
      environments: () => this.#look('traffic', () => traffic.environments()),
      counters: async () => [],
      acknowledge: async () => undefined,
      prove: (question) => this.#look('traffic', () => traffic.prove(question)),
      keepJournalHeads: async () => undefined,
    };
  }

  #bindings(): EngineParts['bindings'] {
    const world = this.#world;
    return {
      revision: async (_, id) => {
        const revision = world.revisions.get(id);
        if (revision === undefined) throw new LotseError('not-found', `there is no ${id}`);
        return revision;
      },
      frontDoor: async () => ({ domains: ['shop.test'], port: null, url: 'http://127.0.0.1:1' }),
      ports: async () => ({ pinned: 1, internal: {} }),
      release: async () => undefined,
      surroundings: async () => ({ variables: {}, storeFolders: [] }),
      gates: (plan, ids) =>
        this.#look('gates', () => {
          const results = world.gates(plan, ids);
          this.#knows = { ...this.#knows, gates: { at: world.time.now, results } };
          return results;
        }),
      learnFixedPort: async () => undefined,
    };
  }

  /** A question: it may fail, or take its time. */
  async #look<Value>(port: string, act: () => Value): Promise<Value> {
    await this.#mayFail(port);
    return act();
  }

  /** Something that changes the world: the process may die right before it or right after it, its reply may be lost. */
  async #deed<Value>(port: string, act: () => Value): Promise<Value> {
    await this.#mayFail(port, `changes of ${port}`);
    if (this.#weather.killsAt(`before a call to ${port}`)) return await this.#killAndWait(`before a call to ${port}`);
    const value = act();
    if (this.#weather.killsAt(`after a call to ${port}`)) return await this.#killAndWait(`after a call to ${port}`);
    if (port !== 'journal' && this.#weather.losesReply()) {
      this.#world.count('lost replies');
      throw new LotseError('unreachable', `no reply from ${port}`, { retriable: true });
    }
    return value;
  }

  async #mayFail(port: string, kind = port): Promise<void> {
    if (this.#isDead) await never();
    const delayMs = this.#weather.delayMs();
    if (delayMs > 0) await this.#world.time.sleep(delayMs);
    if (this.#isDead) await never();
    if (!this.#weather.fails(port, kind, this.#world.time.now)) return;
    this.#world.count(`failures of ${port}`);
    const code = port === 'journal' ? 'disk-full' : 'unreachable';
    throw new LotseError(code, `${port} does not answer`, { retriable: true });
  }

  async #killAndWait(point: string): Promise<never> {
    this.#kill(point);
    return await never();
  }

  #kill(point: string): void {
    this.#world.count('crashes');
    this.#end(`killed ${point}`);
  }

  #end(how: string): void {
    if (this.#isDead) return;
    this.#isDead = true;
    this.#world.note(how);
    this.#onEnd();
  }

  /** Takes up the environment as a start of the control plane does; where that fails, the process ends. */
  start(onUp: () => void): void {
    this.engine.open([scope]).then(onUp, () => this.#end('the control plane could not start'));
  }
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
