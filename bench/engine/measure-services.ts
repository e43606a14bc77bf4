import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../quantile.ts';
import { openGate, planTo, scopesOf, type Fleet } from './fleet.ts';
import { Harbour } from './harbour.ts';

export interface ServiceWishes {
  readonly services: number;
  /** Windows of idle time that are measured. */
  readonly windows: number;
  readonly windowMs: number;
  /** Apps that are rolled out one after the other, and how many of them come before that, so that all code is warm. */
  readonly rollouts: number;
  readonly warmUp: number;
}

export interface ServiceFigures {
  readonly services: number;
  /** Processor time of the control plane while nothing happens, in milliseconds a second and service. */
  readonly idleMs: number;
  /** What a rollout costs beyond that, in milliseconds of processor time for each service that is rolled out. */
  readonly rolloutMs: number;
  /** How long the rollout of an app takes, in milliseconds. */
  readonly tookMs: number;
  readonly memoryBytes: number;
  readonly problems: readonly string[];
}

const servicesEach = 5;
/** An app has a staging and a production. */
const environmentsEach = 2;
const restMs = 1_000;

/** What one service costs a control plane that has so many: apps of five services, each in two environments. */
export async function measureServices(wishes: ServiceWishes): Promise<ServiceFigures> {
  const fleet: Fleet = { environments: wishes.services / servicesEach, servicesEach };
  const revisionsToCome = wishes.rollouts + wishes.warmUp;
  const harbour = await Harbour.open({ fleet, rolloutsBefore: 1, revisionsToCome });
  try {
    await harbour.start();
    const apps = scopesOf(fleet).length / environmentsEach;
    const rollOut = (turn: number) => rollOutApp(harbour, fleet, turn % apps, 2 + Math.floor(turn / apps));
    for (let turn = 0; turn < wishes.warmUp; turn++) await rollOut(turn);
    await sleep(restMs);
    const idle: number[] = [];
    for (let window = 0; window < wishes.windows; window++) idle.push(await idleRate(harbour, wishes.windowMs));
    const idleRateNow = quantile(idle, 0.5) ?? 0;
    const courses = [];
    for (let turn = wishes.warmUp; turn < revisionsToCome; turn++) courses.push(await rollOut(turn));
    const beyond = courses.map(({ processorMs, tookMs }) => processorMs - tookMs * idleRateNow);
    const { memoryBytes, problems } = await harbour.ask({ kind: 'usage' });
    return {
      ...{ services: wishes.services, memoryBytes, problems },
      idleMs: (idleRateNow * 1000) / wishes.services,
      rolloutMs: (quantile(beyond, 0.5) ?? 0) / (servicesEach * environmentsEach),
      tookMs:
        quantile(
          courses.map(({ tookMs }) => tookMs),
          0.5,
        ) ?? 0,
    };
  } finally {
    await harbour.close();
  }
}

/** Processor time per time, in milliseconds per millisecond. */
async function idleRate(harbour: Harbour, forMs: number): Promise<number> {
  const from = performance.now();
  const before = await harbour.ask({ kind: 'usage' });
  await sleep(forMs);
  const after = await harbour.ask({ kind: 'usage' });
  return (after.processorMs - before.processorMs) / (performance.now() - from);
}

async function rollOutApp(harbour: Harbour, fleet: Fleet, app: number, number: number) {
  const scopes = scopesOf(fleet).slice(app * environmentsEach, (app + 1) * environmentsEach);
  const voyage = { strategy: 'blue-green', watchMs: 0, gates: [openGate] } as const;
  const from = performance.now();
  const before = await harbour.ask({ kind: 'usage' });
  await harbour.ask({ kind: 'begin', plans: scopes.map((scope) => planTo(scope, number, fleet, voyage)) });
  const after = await harbour.ask({ kind: 'ends', scopes });
  return { processorMs: after.processorMs - before.processorMs, tookMs: performance.now() - from };
}
