import { setTimeout as sleep } from 'node:timers/promises';
import type { RolloutView } from '../../src/capabilities/releases/releases-api.ts';
import { makeRelease } from '../bench-app.ts';
import type { RunningControlPlane } from '../control-plane.ts';
import type { DeployMethod } from './deploy-method.ts';

const pollMs = 20;
const patienceMs = 120_000;

/** Deploys of Lotse through its HTTP API, in the environment that is named after the strategy. */
export function lotseMethod(
  running: RunningControlPlane,
  strategy: 'blue-green' | 'rolling' | 'recreate',
  nextNumber: () => number,
): DeployMethod {
  const { plane, frontPort } = running;
  let rollout = '';
  const until = async (isReached: (view: RolloutView) => boolean): Promise<RolloutView> => {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const view = await plane.rollout(rollout);
      if (isReached(view)) return view;
      if (view.endedAt !== null) throw new Error(`the rollout ended ${view.status}: ${view.cause?.message ?? ''}`);
      if (performance.now() > deadline) throw new Error(`the rollout is still ${view.status} after ${patienceMs} ms`);
      await sleep(pollMs);
    }
  };
  return {
    name: `Lotse ${strategy}`,
    port: frontPort,
    hostName: `${strategy}.benchapp.localhost`,
    boots: strategy === 'rolling' ? 2 : 1,
    prepare: async () => (await makeRelease(plane, nextNumber())).id,
    deploy: async (release) => {
      rollout = (await plane.startRollout(strategy, { release })).id;
      await until((view) => view.live);
    },
    settle: async () => {
      const { steps, liveAt } = await until((view) => view.status === 'settled');
      const began = steps.flatMap(({ title, startedAt }) => (startedAt === null ? [] : [{ title, atMs: startedAt }]));
      return liveAt === null ? began : [...began, { title: 'live', atMs: liveAt }];
    },
    close: async () => undefined, // the control plane stops all
  };
}
