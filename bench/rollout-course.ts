import { setTimeout as sleep } from 'node:timers/promises';
import type { RolloutView } from '../src/capabilities/releases/releases-api.ts';
import type { ControlPlane } from '../src/cli/control-plane.ts';

/** Whoever asks more often takes so much of the control plane that it shows. */
const pollMs = 50;
const patienceMs = 120_000;

/** A rollout under way, followed as a client follows it. */
export class RolloutCourse {
  readonly #plane: ControlPlane;
  readonly #rollout: string;

  constructor(plane: ControlPlane, rollout: string) {
    this.#plane = plane;
    this.#rollout = rollout;
  }

  static async start(plane: ControlPlane, environment: string, release: string): Promise<RolloutCourse> {
    return new RolloutCourse(plane, (await plane.startRollout(environment, { release })).id);
  }

  /** Waits for something; throws when the rollout ends without it, or says nothing new for too long. */
  async until(isReached: (view: RolloutView) => boolean): Promise<RolloutView> {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const view = await this.#plane.rollout(this.#rollout);
      if (isReached(view)) return view;
      if (view.endedAt !== null) throw new Error(`the rollout ended ${view.status}: ${view.cause?.message ?? ''}`);
      if (performance.now() > deadline) throw new Error(`the rollout is still ${view.status} after ${patienceMs} ms`);
      await sleep(pollMs);
    }
  }
}
