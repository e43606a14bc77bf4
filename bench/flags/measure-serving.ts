import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { flagCalls } from '../../src/cli/flag-calls.ts';
import { startControlPlane, type RunningControlPlane } from '../control-plane.ts';
import { makeRelease } from '../make-release.ts';
import { quantile } from '../quantile.ts';
import { RolloutCourse } from '../rollout-course.ts';
import { flagdFlags } from './flag-sets.ts';
import type { Order, Report } from './messages.ts';

export interface ServingFigures {
  readonly clients: number;
  readonly changes: number;
  /** From the moment in which a person's call is sent until a client hears, in milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly mostMs: number;
  readonly oneFlag: Asked;
  readonly allFlags: Asked;
}

interface Asked {
  readonly perSecond: number;
  readonly p99Ms: number;
  readonly failed: number;
}

const appFolder = fileURLToPath(new URL('app/', import.meta.url));
/** Changes that are not counted: code that runs for the first time is slow. */
const warmUps = 4;
const bulk = z.object({ eventStreams: z.tuple([z.object({ endpoint: z.object({ requestUri: z.string() }) })]) });

/** A real control plane with a release of 100 flags, clients in a process of their own. */
export async function measureServing(clients: number, changes: number, askMs: number): Promise<ServingFigures> {
  const running = await startControlPlane('flagsapp');
  const program = fileURLToPath(new URL('clients-process.ts', import.meta.url));
  const child = fork(program, { execArgv: [] });
  const order = (wanted: Order): void => void child.send(wanted);
  const report = async <Kind extends Report['kind']>(kind: Kind): Promise<Extract<Report, { kind: Kind }>> => {
    for (;;) {
      const [told]: Report[] = await once(child, 'message', { signal: AbortSignal.timeout(30_000) });
      if (told !== undefined && isOf(told, kind)) return told;
    }
  };
  try {
    await deploy(running);
    const calls = flagCalls(running.plane, 'production');
    const { server } = running.plane.client.connection;
    const keys = [await calls.createKey('bench'), await calls.createKey('bench-2'), await calls.createKey('bench-3')];
    const secrets = keys.map(({ secret }) => secret);
    const evaluate = `${server}/ofrep/v1/evaluate/flags`;
    const answer = await fetch(evaluate, {
      method: 'POST',
      headers: { authorization: `Bearer ${secrets[0]}` },
      body: '{}',
    });
    const [stream] = bulk.parse(await answer.json()).eventStreams;
    const listening = report('listening');
    order({ kind: 'listen', url: `${server}${stream.endpoint.requestUri}`, clients });
    await listening;
    const delays: number[] = [];
    for (let change = -warmUps; change < changes; change += 1) {
      const heard = report('heard');
      const startMs = performance.timeOrigin + performance.now();
      await calls.change('flag-0', { switched: change % 2 === 0 ? 'off' : 'on' });
      const { atMs } = await heard;
      if (change >= 0) delays.push(...atMs.map((each) => each - startMs));
      await sleep(50);
    }
    const asked = async (url: string): Promise<Asked> => {
      const told = report('asked');
      order({ kind: 'ask', url, keys: secrets, connections: 32, forMs: askMs });
      const { perSecond, p99Ms, failed } = await told;
      return { perSecond, p99Ms, failed };
    };
    const oneFlag = await asked(`${evaluate}/flag-1`);
    const allFlags = await asked(evaluate);
    const [p50Ms, p99Ms, mostMs] = [0.5, 0.99, 1].map((part) => quantile(delays, part) ?? Infinity);
    return { clients, changes, p50Ms: p50Ms ?? 0, p99Ms: p99Ms ?? 0, mostMs: mostMs ?? 0, oneFlag, allFlags };
  } finally {
    child.kill('SIGKILL');
    await running.stop();
  }
}

function isOf<Kind extends Report['kind']>(told: Report, kind: Kind): told is Extract<Report, { kind: Kind }> {
  return told.kind === kind;
}

async function deploy({ plane }: RunningControlPlane): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'lotse-bench-flags-'));
  try {
    await cp(appFolder, folder, { recursive: true });
    await writeFile(join(folder, 'flags.flagd.json'), JSON.stringify(flagdFlags(100)));
    const release = await makeRelease(plane, folder, 1);
    const course = await RolloutCourse.start(plane, 'production', release.id);
    await course.until((view) => view.status === 'settled');
  } finally {
    await rm(folder, { recursive: true });
  }
}
