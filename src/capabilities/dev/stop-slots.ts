import { setTimeout as sleep } from 'node:timers/promises';
import { LotseError } from '../../core/errors.ts';
import type { RevisionId, Scope, ServiceName } from '../../core/ids.ts';
import type { Target } from '../../ports/targets/targets.ts';
import type { ServiceDefinition } from '../../rollout/release.ts';

/** What stands in the place of a release: it is never built, and its digest names the folder as it is. */
export const workingTree = {
  release: 'working-tree',
  target: 'process',
  artifact: `sha256:${'0'.repeat(64)}`,
} as const;

interface Running {
  readonly revision: RevisionId;
  readonly service: ServiceName;
}

const lookEveryMs = 25;
/** Longer than any drain of `dev` and its SIGKILL take. */
const patienceMs = 15_000;

/** Stops all slots of these and waits until they are gone. Error: `timeout`. */
export async function stopAndWait(target: Target, scope: Scope, running: readonly Running[]): Promise<void> {
  for (const each of running) await target.ensure(orderToStop(scope, each));
  const deadlineMs = performance.now() + patienceMs;
  for (;;) {
    const left = (await target.observe(scope)).filter((slot) => running.some((each) => isSame(each, slot)));
    if (left.length === 0) return;
    if (performance.now() > deadlineMs) {
      const names = left.map((slot) => `${slot.service} (process ${slot.pid ?? '?'})`).join(', ');
      throw new LotseError('timeout', `${names} does not end, not even by SIGKILL.`);
    }
    await sleep(lookEveryMs);
  }
}

/** Stops everything that is there, also what an earlier session left running when it was killed. */
export async function stopEverything(target: Target, scope: Scope): Promise<void> {
  await stopAndWait(target, scope, await target.observe(scope));
}

function isSame(left: Running, right: Running): boolean {
  return left.revision === right.revision && left.service === right.service;
}

function orderToStop(scope: Scope, { revision, service }: Running) {
  return {
    ...scope,
    ...workingTree,
    revision,
    definition: { ...nothing, service },
    slots: 0,
    claim: null,
    variables: {},
    storeFolders: [],
    avoid: [],
  };
}

/** To stop something only its name and its drain matter. */
const nothing: ServiceDefinition = {
  service: '',
  kind: 'worker',
  argv: ['true'],
  root: '.',
  port: null,
  path: '/',
  ready: null,
  live: null,
  drainMs: 3_000,
  instances: 0,
  memoryBytes: null,
  cpuCores: null,
  stickiness: { kind: 'none' },
  assets: null,
  readsClaim: false,
};
