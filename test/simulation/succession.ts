import { LotseError } from '../../src/core/errors.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { ControlPlane, type Saboteur } from './control-plane.ts';
import type { Shore } from './shore.ts';
import type { Weather } from './weather.ts';
import type { World } from './world.ts';

/** However long people are waited for, a rollout of the simulation ends within this, in milliseconds. */
export const longestRolloutMs = 1_800_000;

/** Control planes over the same environments, one life after the other. */
export class Succession {
  readonly weather: Weather;
  readonly #worlds: readonly [World, ...World[]];
  readonly #shore: Shore;
  readonly #saboteur: Saboteur | null;
  #plane: ControlPlane;

  constructor(worlds: readonly [World, ...World[]], weather: Weather, saboteur: Saboteur | null = null) {
    this.#worlds = worlds;
    this.#shore = worlds[0].shore;
    this.weather = weather;
    this.#saboteur = saboteur;
    this.#plane = this.#start();
  }

  get plane(): ControlPlane {
    return this.#plane;
  }

  get isUp(): boolean {
    return this.#shore.upSince !== null;
  }

  get #isBroken(): boolean {
    return this.#shore.violations.length > 0;
  }

  /** Asks the engine that lives. Null: it refused, or died meanwhile. */
  async ask<Value>(act: (engine: Engine) => Promise<Value>): Promise<Value | null> {
    await this.#shore.time.pass(() => this.isUp || this.#isBroken, longestRolloutMs);
    const plane = this.#plane;
    let outcome: { readonly value: Value | null } | null = null;
    act(plane.engine).then(
      (value) => (outcome = { value }),
      (error: unknown) => {
        if (!plane.isDead && !(error instanceof LotseError)) this.#shore.violate(`asked the engine: ${String(error)}`);
        outcome = { value: null };
      },
    );
    const isOver = () => outcome !== null || plane.isDead || this.#isBroken;
    if (!(await this.#shore.time.pass(isOver, 300_000))) this.#shore.violate('the engine does not answer');
    return valueOf(outcome);
  }

  /** Another control plane starts on the same state, whatever the one before it does. */
  restart(): void {
    this.#shore.upSince = null;
    this.#plane = this.#start();
  }

  async close(): Promise<void> {
    let isClosed = false;
    void this.#plane.engine.close().then(() => (isClosed = true));
    await this.#shore.time.pass(() => isClosed || this.#plane.isDead, 120_000);
  }

  /** A new life begins, and another one whenever it ends. */
  #start(): ControlPlane {
    this.#shore.note('the control plane starts');
    if (this.#shore.checkpoints.size > 0 && this.weather.strikes('lost checkpoint') !== null) {
      this.#shore.count('faults: lost checkpoint');
      this.#shore.checkpoints.clear();
      for (const world of this.#worlds) world.invariants.judging.loseCheckpoints();
    }
    const onEnd = () => {
      this.#shore.upSince = null;
      this.#shore.time.after(this.weather.downtimeMs(), () => (this.#plane = this.#start()));
    };
    const plane = new ControlPlane(this.#worlds, { weather: this.weather, onEnd, saboteur: this.#saboteur });
    plane.start(() => (this.#shore.upSince = this.#shore.time.now));
    return plane;
  }
}

function valueOf<Value>(outcome: { readonly value: Value } | null): Value | null {
  return outcome?.value ?? null;
}
