import type { RunningControlPlane } from '../control-plane.ts';
import { makeRelease } from '../make-release.ts';
import { RolloutCourse } from '../rollout-course.ts';
import { appFolder, appName } from './app-process.ts';
import type { DeployMethod } from './deploy-method.ts';

/** What the journal's times lack in the mean, because they are whole milliseconds, rounded down. */
const truncatedMs = 0.5;

/** Deploys of Lotse through its HTTP API, in the environment that is named after the strategy. `folder`: the app's source. */
export function lotseMethod(
  running: RunningControlPlane,
  strategy: 'blue-green' | 'rolling' | 'recreate',
  nextNumber: () => number,
  folder = appFolder,
): DeployMethod {
  const { plane, frontPort } = running;
  let course: RolloutCourse | null = null;
  return {
    name: `Lotse ${strategy}`,
    port: frontPort,
    hostName: `${strategy}.${appName}.localhost`,
    boots: strategy === 'rolling' ? 2 : 1,
    prepare: async () => (await makeRelease(plane, folder, nextNumber())).id,
    deploy: async (release) => {
      course = await RolloutCourse.start(plane, strategy, release);
      await course.until((view) => view.live);
    },
    settle: async () => {
      if (course === null) return { milestones: [], readyAtMs: null };
      const { steps, liveAt } = await course.until((view) => view.status === 'settled');
      const began = steps.flatMap(({ title, startedAt }) => (startedAt === null ? [] : [{ title, atMs: startedAt }]));
      const milestones = liveAt === null ? began : [...began, { title: 'live', atMs: liveAt }];
      // Blue-green and recreate start all copies in one step; it is done when the engine has seen each of them ready.
      const startedAt = steps.find(({ id }) => id === 'start')?.endedAt ?? null;
      return { milestones, readyAtMs: startedAt === null ? null : startedAt + truncatedMs };
    },
    close: async () => undefined, // the control plane stops all
  };
}

/** The first one of an environment, to which nobody sends requests yet. */
export async function deployFirst(method: DeployMethod): Promise<void> {
  await method.deploy(await method.prepare());
  await method.settle();
}
