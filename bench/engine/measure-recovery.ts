import { setTimeout as sleep } from 'node:timers/promises';
import { BerthedFleet } from './berths.ts';
import { Harbour } from './harbour.ts';
import type { Course } from './messages.ts';

export interface RecoveryWishes {
  readonly rollouts: number;
  /** Rollouts that each environment has settled before: what the journal has to be read for. */
  readonly rolloutsBefore: number;
  /** How often it is killed while all rollouts are held at their steps. */
  readonly kills: number;
}

export interface Recovery {
  /** From the kill until every environment is taken up, in milliseconds. */
  readonly recoveredMs: number;
  readonly course: Course;
  /** Rollouts that stand where they stood before. */
  readonly inBerth: number;
  /** Copies, jobs and changed orders that the restart has caused. */
  readonly deeds: number;
  /** Orders that were not handed over again. */
  readonly forgotten: number;
}

export interface RecoveryFigures {
  readonly held: readonly Recovery[];
  /** Killed while all of them moved. */
  readonly movingMs: number;
  /** Processor time that all of them take while they are held, as a part of one core. */
  readonly heldCores: number;
  /** Rollouts that did not end as they should, afterwards. */
  readonly lost: readonly string[];
  /** Copies that were started more than once, and jobs that were ordered twice, and differently. */
  readonly twice: number;
  readonly problems: readonly string[];
}

const servicesEach = 5;
const patienceMs = 120_000;
const shareWindowMs = 3_000;

/** Kills a control plane with so many rollouts in flight again and again, and starts it anew. */
export async function measureRecovery({ rollouts, rolloutsBefore, kills }: RecoveryWishes): Promise<RecoveryFigures> {
  const berthed = new BerthedFleet({ environments: rollouts, servicesEach }, rolloutsBefore + 1);
  const wishes = { fleet: berthed.fleet, rolloutsBefore, revisionsToCome: 1, ...berthed.wishes };
  const harbour = await Harbour.open(wishes);
  try {
    await harbour.start();
    await harbour.ask({ kind: 'begin', plans: berthed.plans });
    await until(async () => berthed.inBerth((await harbour.ask({ kind: 'standing' })).standing) === rollouts);
    const held: Recovery[] = [];
    for (let kill = 0; kill < kills; kill++) held.push(await killOnce(harbour, berthed));
    const heldCores = await processorShare(harbour);
    const movingMs = await killMoving(harbour, berthed);
    const standing = async () => (await harbour.ask({ kind: 'standing' })).standing;
    await until(async () => berthed.notEnded(await standing()).length === 0);
    const { problems } = await harbour.ask({ kind: 'usage' });
    const { contradictions } = harbour.machines.deeds;
    return {
      ...{ held, movingMs, heldCores, lost: berthed.notEnded(await standing()), problems },
      twice: contradictions + harbour.machines.startedTwice,
    };
  } finally {
    await harbour.close();
  }
}

async function killOnce(harbour: Harbour, berthed: BerthedFleet): Promise<Recovery> {
  const before = harbour.machines.deeds;
  const { recoveredMs, course } = await killAndStart(harbour);
  const after = harbour.machines.deeds;
  const { standing } = await harbour.ask({ kind: 'standing' });
  const forgotten = harbour.machines.notHandedOver.length;
  const deeds = after.starts - before.starts + (after.jobs - before.jobs) + (after.changes - before.changes);
  return { recoveredMs, course, inBerth: berthed.inBerth(standing), deeds, forgotten };
}

/** All that is held happens at once; a moment later the control plane is gone. */
async function killMoving(harbour: Harbour, berthed: BerthedFleet): Promise<number> {
  berthed.letGo();
  harbour.machines.letGo();
  await sleep(1_500);
  return (await killAndStart(harbour)).recoveredMs;
}

async function killAndStart(harbour: Harbour): Promise<{ readonly recoveredMs: number; readonly course: Course }> {
  const from = performance.now();
  await harbour.kill();
  const course = await harbour.start();
  return { recoveredMs: performance.now() - from, course };
}

async function processorShare(harbour: Harbour): Promise<number> {
  const from = performance.now();
  const before = await harbour.ask({ kind: 'usage' });
  await sleep(shareWindowMs);
  const after = await harbour.ask({ kind: 'usage' });
  return (after.processorMs - before.processorMs) / (performance.now() - from);
}

/** Gives up quietly: what is missing then is among the figures. */
async function until(isDone: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (performance.now() < deadline && !(await isDone())) await sleep(250);
}
