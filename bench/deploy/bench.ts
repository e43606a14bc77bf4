import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { startControlPlane } from '../control-plane.ts';
import { freePort } from '../free-port.ts';
import { tell } from '../outcome.ts';
import { quantile } from '../quantile.ts';
import { appName, measureBootMs } from './app-process.ts';
import { deployGoals } from './deploy-goals.ts';
import type { DeployMethod } from './deploy-method.ts';
import { deployTable, describeDeploy, failureTable, summarize } from './deploy-summary.ts';
import { lotseMethod } from './lotse-method.ts';
import { measureDeploy, type MeasuredDeploy, type Pace } from './measure-deploy.ts';
import { nginxMethod } from './nginx-method.ts';
import { pm2Method } from './pm2-method.ts';

// Deploys of the real control plane under load, in turns with an nginx reload and a PM2 reload of the same app on the
// same machine. Prints each deploy, tables, what holds, and `RESULT {…}` as the last line.

const help = `npm run bench -- deploy [--quick] [--deploys N] [--details FILE]

  --quick          2 blue-green and 2 rolling deploys, 1 of nginx and PM2, no recreate; within 50 seconds
  --deploys N      so many of blue-green, rolling, nginx and PM2 each (default 20)
  --details FILE   writes every deploy with its milestones and lost requests there, as JSON`;

interface Turn {
  readonly method: DeployMethod;
  readonly count: number;
}

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    deploys: { type: 'string' },
    details: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) console.log(help);
else await bench();

async function bench(): Promise<void> {
  const isQuick = options.quick;
  const count = Number(options.deploys ?? (isQuick ? 2 : 20));
  const pace: Pace = isQuick ? { beforeMs: 600, afterMs: 300 } : { beforeMs: 2_000, afterMs: 1_000 };
  const bootMs = await typicalBootMs(isQuick ? 1 : 5);
  console.log(`the app boots in ${bootMs.toFixed(0)} ms; its load: 1000 requests/s, 200 of them on fresh connections`);
  const deploys = await withMethods(count, isQuick, async (turns) => await inTurns(turns, pace));
  const summaries = summarize(deploys, bootMs);
  console.log(`\n${deployTable(summaries)}\n\n${failureTable(summaries)}\n`);
  if (options.details !== undefined) await writeFile(options.details, JSON.stringify(deploys, null, 1));
  tell({ bench: 'deploy', isQuick, ...deployGoals(summaries, count), figures: { bootMs, methods: summaries } });
}

async function typicalBootMs(times: number): Promise<number> {
  const boots: number[] = [];
  for (let time = 0; time < times; time++) boots.push(await measureBootMs(await freePort()));
  return quantile(boots, 0.5) ?? Number.NaN;
}

/** Starts everything that is compared, and ends it again whatever happens. */
async function withMethods(
  count: number,
  isQuick: boolean,
  use: (turns: readonly Turn[]) => Promise<readonly MeasuredDeploy[]>,
): Promise<readonly MeasuredDeploy[]> {
  const running = await startControlPlane(appName);
  const others: DeployMethod[] = [];
  try {
    let number = 0;
    const lotse = (strategy: Parameters<typeof lotseMethod>[1]) => lotseMethod(running, strategy, () => ++number);
    const own = [lotse('blue-green'), lotse('rolling'), lotse('recreate')];
    await Promise.all([...own.map(deployFirst), startOthers(others)]);
    const counts = [count, count, isQuick ? 0 : Math.ceil(count / 5)];
    const turns = own.map((method, at) => ({ method, count: counts[at] ?? 0 }));
    return await use([...turns, ...others.map((method) => ({ method, count: isQuick ? 1 : count }))]);
  } finally {
    await Promise.all([running.stop(), ...others.map((method) => method.close())]);
  }
}

async function deployFirst(method: DeployMethod): Promise<void> {
  await method.deploy(await method.prepare());
  await method.settle();
}

/** Adds each to `started` as soon as it runs, so that it is ended even when another one can't start. */
async function startOthers(started: DeployMethod[]): Promise<void> {
  for (const [name, start] of [['nginx', nginxMethod] as const, ['PM2', pm2Method] as const]) {
    const method = await start();
    if (method === null) console.log(`${name} is not on this machine: left out of the tables`);
    else started.push(method);
  }
}

/** Round by round, so that what disturbs the machine disturbs all of them. */
async function inTurns(turns: readonly Turn[], pace: Pace): Promise<readonly MeasuredDeploy[]> {
  const deploys: MeasuredDeploy[] = [];
  const rounds = Math.max(...turns.map((turn) => turn.count));
  for (let round = 0; round < rounds; round++) {
    for (const { method, count } of turns) {
      const isDue = Math.floor(((round + 1) * count) / rounds) > Math.floor((round * count) / rounds);
      if (!isDue) continue;
      const deploy = await measureDeploy(method, pace);
      deploys.push(deploy);
      console.log(`${String(round + 1).padStart(3)}  ${describeDeploy(deploy)}`);
    }
  }
  return deploys;
}
