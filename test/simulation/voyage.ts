import { LotseError } from '../../src/core/errors.ts';
import type { Engine, EnvironmentView } from '../../src/engine/engine.ts';
import type { Command } from '../../src/rollout/facts.ts';
import type { Plan } from '../../src/rollout/plan.ts';
import type { End } from '../../src/rollout/rollout-events.ts';
import { ControlPlane } from './control-plane.ts';
import { Weather, type Climate } from './weather.ts';
import { scope, World } from './world.ts';

/** However long people are waited for, a rollout of the simulation ends within this, in milliseconds. */
const longestRolloutMs = 1_800_000;
/** After its end everything that drains has drained by then, in milliseconds. */
const calmDownMs = 15_000;

/** One environment's way through several rollouts, over as many lives of its control plane as it takes. */
export class Voyage {
  readonly world: World;
  readonly weather: Weather;
  #plane: ControlPlane;
  #isUp = false;
  readonly #unanswered = new Map<symbol, ControlPlane>();

  constructor(
    seed: number,
    climate: Climate,
    { killAt = null, pace = 1 }: { killAt?: number | null; pace?: number } = {},
  ) {
    this.world = new World(seed, pace);
    this.weather = new Weather(seed ^ 0x5eed, climate, killAt);
    this.#plane = this.#start();
  }

  /** The engine of the control plane that lives now. */
  get engine(): Engine {
    return this.#plane.engine;
  }

  get view(): EnvironmentView {
    return this.#plane.engine.view(scope);
  }

  /** Begins the rollout, however often it takes. */
  async begin(makePlan: (view: EnvironmentView) => Plan): Promise<Plan> {
    for (;;) {
      const begun = await this.#ask(async (engine) => {
        const plan = makePlan(engine.view(scope));
        const known = engine.view(scope).rollout;
        if (known?.plan.rollout !== plan.rollout) await engine.begin(plan);
        return plan;
      });
      if (begun !== null) return begun;
    }
  }

  async settle(): Promise<boolean | null> {
    return await this.#ask((engine) => engine.settle(scope, { kind: 'person', id: 'grace' }));
  }

  /** Hands a command over if there is somebody to take it; who does must answer, one way or the other. */
  command(command: Command): void {
    const plane = this.#plane;
    if (!this.#isUp) return;
    const key = Symbol(command.kind);
    this.#unanswered.set(key, plane);
    const answered = (how: string) => {
      this.#unanswered.delete(key);
      this.world.count(`commands ${how}: ${command.kind}`);
      this.world.note(`command ${how}: ${command.kind}`);
    };
    plane.engine.command(scope, command).then(
      () => answered('followed'),
      () => answered('refused'),
    );
  }

  /** Lets the rollout run to its end, and whatever it leaves behind after it. */
  async end(): Promise<End | null> {
    const { invariants, time } = this.world;
    const hasEnded = await time.pass(() => this.#isBroken || invariants.rollout?.end != null, longestRolloutMs);
    if (!hasEnded) this.world.violate(`${invariants.rollout?.plan.rollout ?? 'a rollout'} does not end`);
    return invariants.rollout?.end?.kind ?? null;
  }

  async calmDown(): Promise<void> {
    this.weather.isOn = false;
    await this.world.time.pass(() => this.#isUp, 200_000);
    await this.world.time.passMs(calmDownMs);
    if ([...this.#unanswered.values()].includes(this.#plane)) this.world.violate('a command is never answered');
    this.weather.isOn = true;
  }

  async close(): Promise<void> {
    let isClosed = false;
    void this.#plane.engine.close().then(() => (isClosed = true));
    await this.world.time.pass(() => isClosed || this.#plane.isDead, 60_000);
  }

  get #isBroken(): boolean {
    return this.world.violations.length > 0;
  }

  /** Asks the engine that lives. Null: it refused, or died meanwhile. */
  async #ask<Value>(act: (engine: Engine) => Promise<Value>): Promise<Value | null> {
    await this.world.time.pass(() => this.#isUp || this.#isBroken, longestRolloutMs);
    const plane = this.#plane;
    let outcome: { readonly value: Value | null } | null = null;
    act(plane.engine).then(
      (value) => (outcome = { value }),
      (error: unknown) => {
        if (!plane.isDead && !(error instanceof LotseError)) this.world.violate(`asked the engine: ${String(error)}`);
        outcome = { value: null };
      },
    );
    const isAnswered = await this.world.time.pass(() => outcome !== null || plane.isDead || this.#isBroken, 300_000);
    if (!isAnswered) this.world.violate('the engine does not answer');
    return valueOf(outcome);
  }

  /** Another control plane starts on the same state, whatever the one before it does. */
  restart(): void {
    this.#isUp = false;
    this.#plane = this.#start();
  }

  /** A new life begins, and another one whenever it ends. */
  #start(): ControlPlane {
    this.world.note('the control plane starts');
    const plane = new ControlPlane(this.world, this.weather, () => {
      this.#isUp = false;
      this.world.time.after(this.weather.downtimeMs(), () => (this.#plane = this.#start()));
    });
    plane.start(() => (this.#isUp = true));
    return plane;
  }
}

function valueOf<Value>(outcome: { readonly value: Value } | null): Value | null {
  return outcome?.value ?? null;
}
