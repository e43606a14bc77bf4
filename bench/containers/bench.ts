import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openLoopback, runApart } from '../apart.ts';
import { startControlPlane } from '../control-plane.ts';
import { appFolder, appName } from '../deploy/app-process.ts';
import type { DeployMethod } from '../deploy/deploy-method.ts';
import { deployTable, describeDeploy, failureTable, summarize } from '../deploy/deploy-summary.ts';
import { inTurns, type Turn } from '../deploy/in-turns.ts';
import { deployFirst, lotseMethod } from '../deploy/lotse-method.ts';
import { measureDeploy, type MeasuredDeploy, type Pace } from '../deploy/measure-deploy.ts';
import { tell, type Outcome } from '../outcome.ts';
import { startBenchEngine, type BenchEngine } from './bench-engine.ts';
import { composeMethod } from './compose-method.ts';
import { ContainerBoots } from './container-boots.ts';
import { containerGoals } from './container-goals.ts';
import { swarmMethods, type Parallelism } from './swarm-method.ts';

// Deploys of containers of one image on one Docker engine under load: the real control plane, in turns with Swarm's
// `service update` and compose. Prints each deploy, tables, what holds, and `RESULT {…}` as the last line.

const help = `npm run bench -- containers [--quick] [--deploys N] [--details FILE]

  --quick          1 deploy of each, and Swarm only with both copies at once; within 50 seconds
  --deploys N      so many blue-green and rolling deploys each (default 30), and three fifths as many of each of the
                   others
  --details FILE   writes every deploy with its milestones and lost requests there, as JSON

It starts a Docker engine of its own, in a network of its own, and removes all of it. That takes root on Linux.`;

const ownFolder = fileURLToPath(new URL('app/', import.meta.url));
const imageTag = { repository: 'lotse-bench/app', tag: '1' };

/** `atOnce`: so many copies start at the same time, `method.boots` times in a row. */
interface Contender {
  readonly method: DeployMethod;
  readonly atOnce: 1 | 2;
  readonly count: number;
  /** After each deploy. */
  readonly rest?: () => Promise<void>;
}

interface Stage {
  readonly engine: BenchEngine;
  /** A folder that goes afterwards. */
  readonly scratch: string;
  /** Rejects when a person or the system ends the bench. */
  readonly interrupted: Promise<never>;
}

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    deploys: { type: 'string' },
    details: { type: 'string' },
    help: { type: 'boolean', default: false },
    group: { type: 'string' },
  },
});
if (options.help) console.log(help);
else if (options.group !== undefined) process.exit(await bench(options.group));
else process.exitCode = await runApart((group) => [...process.argv.slice(1), '--group', group]);

/** Apart from others, in this group. Answers the exit code. */
async function bench(group: string): Promise<number> {
  const { promise: interrupted, reject: interrupt } = Promise.withResolvers<never>();
  interrupted.catch(() => undefined); // heard where something waits
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => interrupt(new Error(`ended by ${signal}; nothing is left`)));
  }
  try {
    tell(await onEngine(group, interrupted));
    return Number(process.exitCode ?? 1);
  } catch (error) {
    console.error(error);
    return 1;
  }
}

async function onEngine(group: string, interrupted: Promise<never>): Promise<Outcome> {
  await openLoopback();
  const engine = await startBenchEngine(group);
  if (typeof engine === 'string') throw new Error(`containers cannot be measured here: ${engine}`);
  const scratch = await mkdtemp(join(tmpdir(), 'lotse-bench-containers-'));
  try {
    return await onStage({ engine, scratch, interrupted });
  } finally {
    await engine.end();
    await rm(scratch, { recursive: true });
  }
}

async function onStage(stage: Stage): Promise<Outcome> {
  const { engine, scratch } = stage;
  const app = join(scratch, 'app');
  for (const from of [appFolder, ownFolder]) await cp(from, app, { recursive: true });
  const running = await startControlPlane(appName, ['--docker', engine.url]);
  let number = 0;
  const lotse = (strategy: 'blue-green' | 'rolling') => lotseMethod(running, strategy, () => ++number, app);
  const [blueGreen, rolling] = [lotse('blue-green'), lotse('rolling')];
  const image = Promise.all([blueGreen, rolling].map(deployFirst)).then(() => tagImage(engine));
  try {
    const count = Number(options.deploys ?? (options.quick ? 1 : 30));
    const own: readonly Contender[] = [
      { method: blueGreen, atOnce: 2, count },
      { method: rolling, atOnce: 1, count },
    ];
    const others = await startOthers(stage, image, Math.ceil(0.6 * count));
    return await measureAll(stage, [...own, ...others], await ContainerBoots.prepare(engine, await image), count);
  } finally {
    await Promise.allSettled([image]); // others may fail before
    await running.stop();
  }
}

/** The image that Lotse has built, for all. */
async function tagImage({ client }: BenchEngine): Promise<string> {
  const [container] = await client.containers.list({ label: [`lotse.app=${appName}`] });
  if (container === undefined) throw new Error('no container of the app runs');
  const { repository, tag } = imageTag;
  await client.images.tag(container.ImageID, repository, tag);
  return `${repository}:${tag}`;
}

async function startOthers(
  { engine, scratch }: Stage,
  image: Promise<string>,
  count: number,
): Promise<readonly Contender[]> {
  const modes: readonly Parallelism[] = options.quick ? [2] : [2, 1];
  const [swarm, compose] = await Promise.all([
    swarmMethods(engine, image, modes, scratch),
    composeMethod(engine, image, scratch),
    image,
  ]);
  for (const [name, why] of [
    ['Swarm', swarm],
    ['compose', compose],
  ] as const) {
    if (typeof why === 'string') console.log(`${name} is left out of the tables: ${why}`);
  }
  return [
    ...(typeof swarm === 'string'
      ? []
      : swarm.methods.map((method, at) => ({ method, atOnce: modes[at] ?? 1, count, rest: swarm.rest }))),
    ...(typeof compose === 'string' ? [] : [{ method: compose, atOnce: 1, count } as const]),
  ];
}

async function measureAll(
  { interrupted }: Stage,
  contenders: readonly Contender[],
  boots: ContainerBoots,
  count: number,
): Promise<Outcome> {
  const isQuick = options.quick;
  const pace: Pace = isQuick ? { beforeMs: 600, afterMs: 300 } : { beforeMs: 2_000, afterMs: 1_000 };
  const deploys: MeasuredDeploy[] = [];
  const turnOf = ({ method, count: times, rest }: Contender): Turn => ({
    count: times,
    take: async (round) => {
      const deploy = await Promise.race([measureDeploy(method, pace, false), interrupted]);
      deploys.push(deploy);
      console.log(`${String(round).padStart(3)}  ${describeDeploy(deploy)}`);
      await rest?.();
    },
  });
  const [first] = contenders;
  const bootTurns: readonly Turn[] = [
    { count: isQuick ? 0 : count, take: async () => await Promise.race([boots.measureQuiet(), interrupted]) },
    {
      count,
      take: async () => {
        if (first !== undefined) await Promise.race([boots.measureBusy(first.method, pace), interrupted]);
      },
    },
  ];
  await inTurns([...bootTurns, ...contenders.map(turnOf)]);
  const floors = new Map(contenders.map(({ method, atOnce }) => [method.name, method.boots * boots.busyMs(atOnce)]));
  const summaries = summarize(deploys, ({ method }) => floors.get(method) ?? Number.NaN);
  console.log(`\n${boots.toString()}\n\n${deployTable(summaries)}\n\n${failureTable(summaries)}\n`);
  if (options.details !== undefined) await writeFile(options.details, JSON.stringify(deploys, null, 1));
  const figures = { boots: boots.figures, methods: summaries };
  return { bench: 'containers', isQuick, ...containerGoals(summaries, count, boots.busyMs(1)), figures };
}
