import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RolloutView } from '../../src/capabilities/releases/releases-api.ts';
import { makeSource } from '../bildwerk/make-source.ts';
import { badKinds, good, type Kind } from '../bildwerk/troubles.ts';
import { Visitors, type Visit } from '../bildwerk/visitors.ts';
import { startControlPlane } from '../control-plane.ts';
import { makeRelease } from '../make-release.ts';
import { RolloutCourse } from '../rollout-course.ts';
import { saveRecording, type Outcome, type Stretch } from './recording.ts';

const load = { people: 600, perSecond: 150, timeoutMs: 8_000, unevenness: 1 };
/** What a stretch begins with until connections are open and code is warm, in milliseconds. */
const warmUpMs = 5_000;
/** Everybody goes to the new release at once: what is wrong with it is to be seen whole. */
const atOnce = '{ name: blue-green, watch: 0s }';
/** One that hangs would never be seen to answer, so it gets most people and a judge who allows nearly everything. */
const mostly = '{ canary: [90%], margin: 100, every: 1h, within: 2h }';

/** A release that dies of its requests has outcomes of its own in no sense: they follow from when it dies and starts. */
export const recordedKinds: readonly Kind[] = [good, ...badKinds]
  .filter(({ trouble }) => trouble.leakBytes === 0)
  .toSorted((one, other) => one.trouble.hanging - other.trouble.hanging);

/** Runs bildwerk under the load of people, release after release, and keeps what each of their requests met. */
export async function record(file: string, lengthMs: (kind: Kind) => number): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'lotse-bench-replay-'));
  const running = await startControlPlane('bildwerk');
  const { plane, frontPort } = running;
  const visitors = new Visitors({ port: frontPort, hostName: 'bildwerk.localhost', ...load });
  try {
    const stretches: Stretch[] = [];
    for (const [number, kind] of recordedKinds.entries()) {
      const folder = join(scratch, `${number}`);
      const isHanging = kind.trouble.hanging > 0;
      await makeSource(folder, kind.trouble, isHanging ? mostly : atOnce);
      const { id } = await makeRelease(plane, folder, number + 1);
      const course = await RolloutCourse.start(plane, 'production', id);
      await course.until(({ status, steps }) => (isHanging ? steps.some(isShared) : status === 'settled'));
      await sleep(warmUpMs);
      const stretch = await recordOne(visitors, kind.name, lengthMs(kind));
      stretches.push(isHanging ? ofUnanswered(stretch) : stretch);
      console.log(describe(stretches.at(-1)));
      await saveRecording(file, stretches);
    }
  } finally {
    await visitors.stop();
    await running.stop();
    await rm(scratch, { recursive: true, force: true });
  }
}

async function recordOne(visitors: Visitors, kind: string, lengthMs: number): Promise<Stretch> {
  const beganMs = performance.now();
  // What was sent last has its time to end.
  await sleep(lengthMs + load.timeoutMs + 500);
  const visits = visitors.since(beganMs).filter(({ sentMs }) => sentMs < beganMs + lengthMs);
  const requests = visits
    .toSorted((one, other) => one.sentMs - other.sentMs)
    .map((visit) => ({ ...visit, atMs: visit.sentMs - beganMs, outcome: outcomeOf(visit) }));
  return { kind, lengthMs, requests };
}

function isShared({ phase, startedAt }: RolloutView['steps'][number]): boolean {
  return phase === 'shift' && startedAt !== null;
}

/** Without people who got any answer: they were with the old release. */
function ofUnanswered(stretch: Stretch): Stretch {
  const answered = new Set(stretch.requests.flatMap(({ person, outcome }) => (outcome === 'ok' ? [person] : [])));
  return { ...stretch, requests: stretch.requests.filter(({ person }) => !answered.has(person)) };
}

function outcomeOf({ failure }: Visit): Outcome {
  switch (failure) {
    case null:
      return 'ok';
    case 'no answer':
      return 'no answer';
    case 'HTTP 500':
      return 'server error';
    default:
      return 'no instance';
  }
}

function describe(stretch: Stretch | undefined): string {
  const { kind = '', requests = [] } = stretch ?? {};
  const failed = requests.filter(({ outcome }) => outcome !== 'ok').length;
  return `${kind}: ${requests.length} requests, ${failed} of them failed`;
}
