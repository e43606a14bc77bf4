import type { RunningControlPlane } from '../control-plane.ts';
import { makeRelease } from '../make-release.ts';
import { RolloutCourse } from '../rollout-course.ts';
import { appFolder, appName } from './app-process.ts';
import type { DeployMethod } from './deploy-method.ts';

/** Deploys of Lotse through its HTTP API, in the environment that is named after the strategy. */
export function lotseMethod(
  running: RunningControlPlane,
  strategy: 'blue-green' | 'rolling' | 'recreate',
  nextNumber: () => number,
): DeployMethod {
  const { plane, frontPort } = running;
  let course: RolloutCourse | null = null;
  return {
    name: `Lotse ${strategy}`,
    port: frontPort,
    hostName: `${strategy}.${appName}.localhost`,
    boots: strategy === 'rolling' ? 2 : 1,
    prepare: async () => (await makeRelease(plane, appFolder, nextNumber())).id,
    deploy: async (release) => {
      course = await RolloutCourse.start(plane, strategy, release);
      await course.until((view) => view.live);
    },
    settle: async () => {
      if (course === null) return [];
      const { steps, liveAt } = await course.until((view) => view.status === 'settled');
      const began = steps.flatMap(({ title, startedAt }) => (startedAt === null ? [] : [{ title, atMs: startedAt }]));
      return liveAt === null ? began : [...began, { title: 'live', atMs: liveAt }];
    },
    close: async () => undefined, // the control plane stops all
  };
}
