import type { Address } from '../../src/core/routing-document.ts';
import type { Engine, EnvironmentView } from '../../src/engine/engine.ts';
import type { Command } from '../../src/rollout/facts.ts';
import type { Plan } from '../../src/rollout/plan.ts';
import type { End } from '../../src/rollout/rollout-events.ts';
import type { ControlPlane } from './control-plane.ts';
import { longestRolloutMs, Succession } from './succession.ts';
import { Weather, type Climate } from './weather.ts';
import { World } from './world.ts';

/** After its end everything that drains has drained by then, in milliseconds. */
const calmDownMs = 7_000;

/** One environment's way through several rollouts, over as many lives of its control plane as it takes. */
export class Voyage {
  readonly world: World;
  readonly #planes: Succession;
  readonly #unanswered = new Map<symbol, ControlPlane>();

  /** An environment alone. */
  constructor(
    seed: number,
    climate: Climate,
    { killAt = null, pace = 1 }: { killAt?: number | null; pace?: number } = {},
    joined: { readonly world: World; readonly planes: Succession } | null = null,
  ) {
    this.world = joined?.world ?? new World(seed, { pace });
    this.#planes = joined?.planes ?? new Succession([this.world], new Weather(seed ^ 0x5eed, climate, { killAt }));
  }

  /** One of several environments of the same control planes. */
  static joining(planes: Succession, world: World): Voyage {
    return new Voyage(0, {}, {}, { world, planes });
  }

  get weather(): Weather {
    return this.#planes.weather;
  }

  /** The engine of the control plane that lives now. */
  get engine(): Engine {
    return this.#planes.plane.engine;
  }

  get view(): EnvironmentView {
    return this.engine.view(this.world.scope);
  }

  /** Begins the rollout, however often it takes. It throws when something is broken. */
  async begin(makePlan: (view: EnvironmentView) => Plan): Promise<Plan> {
    for (;;) {
      const { scope } = this.world;
      const begun = await this.#planes.ask(async (engine) => {
        const plan = makePlan(engine.view(scope));
        const known = engine.view(scope).rollout;
        if (known?.plan.rollout !== plan.rollout) await engine.begin(plan);
        return plan;
      });
      if (begun !== null) return begun;
      if (this.#isBroken) throw new Error(this.world.violations.join('\n'));
      await this.world.time.passMs(50);
    }
  }

  /** What serves already becomes release 0, however often it takes. */
  async adopt(upstream: Address): Promise<void> {
    const { scope, time } = this.world;
    for (;;) {
      const ask = (engine: Engine) => engine.adopt(scope, upstream, { kind: 'person', id: 'ada' }, null);
      const isAdopted = await this.#planes.ask((engine) => ask(engine).then(() => true));
      if (isAdopted === true || this.#isBroken) return;
      await time.passMs(50);
    }
  }

  async settle(): Promise<boolean | null> {
    return await this.#planes.ask((engine) => engine.settle(this.world.scope, { kind: 'person', id: 'grace' }));
  }

  /** Hands a command over if there is somebody to take it; who does must answer, one way or the other. */
  command(command: Command): void {
    const { plane, isUp } = this.#planes;
    if (!isUp) return;
    const key = Symbol(command.kind);
    this.#unanswered.set(key, plane);
    const answered = (how: string) => {
      this.#unanswered.delete(key);
      this.world.count(`commands ${how}: ${command.kind}`);
      this.world.note(`command ${how}: ${command.kind}`);
    };
    plane.engine.command(this.world.scope, command).then(
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
    const { environment } = this.world.scope;
    this.weather.becalm(environment);
    const { shore, time } = this.world;
    let mishaps: number;
    // Calls that are about all environments hang also while only this one has calmed down.
    do {
      await time.pass(() => this.#planes.isUp && shore.hanging === 0, 400_000);
      ({ mishaps } = shore);
      await time.passMs(calmDownMs);
    } while (shore.mishaps > mishaps);
    await time.pass(() => this.world.invariants.isLateOrderRepaired, 400_000);
    if ([...this.#unanswered.values()].includes(this.#planes.plane)) this.world.violate('a command is never answered');
    this.weather.stir(environment);
  }

  async close(): Promise<void> {
    await this.#planes.close();
  }

  get #isBroken(): boolean {
    return this.world.violations.length > 0;
  }

  /** Another control plane starts on the same state, whatever the one before it does. */
  restart(): void {
    this.#planes.restart();
  }
}
