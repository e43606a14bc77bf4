import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { startControlPlane } from '../control-plane.ts';
import { freePort } from '../free-port.ts';
import { tell } from '../outcome.ts';
import { quantile } from '../quantile.ts';
import { appName, measureBootMs } from './app-process.ts';
import { caddyMethod } from './caddy-method.ts';
import { deployGoals } from './deploy-goals.ts';
import type { DeployMethod } from './deploy-method.ts';
import { deployTable, describeDeploy, failureTable, summarize } from './deploy-summary.ts';
import { haproxyMethod } from './haproxy-method.ts';
import { inTurns, type Turn } from './in-turns.ts';
import { deployFirst, lotseMethod } from './lotse-method.ts';
import { measureDeploy, type MeasuredDeploy, type Pace } from './measure-deploy.ts';
import { nginxMethod } from './nginx-method.ts';
import { pm2Method } from './pm2-method.ts';

// Deploys of the real control plane under load, in turns with HAProxy, nginx, Caddy and PM2, which deploy the same app
// on the same machine. Prints each deploy, tables, what holds, and `RESULT {…}` as the last line.

const help = `npm run bench -- deploy [--quick] [--deploys N] [--details FILE]

  --quick          1 deploy of each; within 50 seconds
  --deploys N      so many blue-green, rolling and recreate deploys each (default 34), and three fifths as many of each
                   of the others; every third of each beside a process that keeps a core busy
  --details FILE   writes every deploy with its milestones and lost requests there, as JSON`;

/** In one of so many deploys of each method another process keeps a core busy. */
const busyEvery = 3;

const others = [
  ['HAProxy', haproxyMethod],
  ['nginx', nginxMethod],
  ['Caddy', caddyMethod],
  ['PM2', pm2Method],
] as const;

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
  const count = Number(options.deploys ?? (isQuick ? 1 : 34));
  const pace: Pace = isQuick ? { beforeMs: 600, afterMs: 300 } : { beforeMs: 2_000, afterMs: 1_000 };
  const bootMs = await typicalBootMs(isQuick ? 1 : 5);
  console.log(`the app boots in ${bootMs.toFixed(0)} ms; its load: 1000 requests/s, 200 of them on fresh connections`);
  const deploys = await withMethods(count, pace);
  const summaries = summarize(deploys, ({ boots }) => boots * bootMs);
  console.log(`\n${deployTable(summaries)}\n\n${failureTable(summaries)}\n`);
  if (options.details !== undefined) await writeFile(options.details, JSON.stringify(deploys, null, 1));
  tell({ bench: 'deploy', isQuick, ...deployGoals(summaries, count), figures: { bootMs, methods: summaries } });
}

async function typicalBootMs(times: number): Promise<number> {
  const boots: number[] = [];
  for (let time = 0; time < times; time++) boots.push(await measureBootMs(await freePort()));
  return quantile(boots, 0.5) ?? Number.NaN;
}

/** Starts everything that is compared, deploys with it, and ends it again whatever happens. */
async function withMethods(count: number, pace: Pace): Promise<readonly MeasuredDeploy[]> {
  const running = await startControlPlane(appName);
  const started: DeployMethod[] = [];
  try {
    let number = 0;
    const lotse = (strategy: Parameters<typeof lotseMethod>[1]) => lotseMethod(running, strategy, () => ++number);
    const own = [lotse('blue-green'), lotse('rolling'), lotse('recreate')];
    const ready = [...own.map(deployFirst), startOthers(started)];
    await Promise.allSettled(ready); // all that has started can be ended
    await Promise.all(ready);
    const deploys: MeasuredDeploy[] = [];
    const turnOf = (method: DeployMethod, times: number): Turn => ({
      count: times,
      take: async (round, time) => {
        const deploy = await measureDeploy(method, pace, time % busyEvery === 0);
        deploys.push(deploy);
        console.log(`${String(round).padStart(3)}  ${describeDeploy(deploy)}`);
      },
    });
    await inTurns([
      ...own.map((method) => turnOf(method, count)),
      ...started.map((method) => turnOf(method, Math.ceil(0.6 * count))),
    ]);
    return deploys;
  } finally {
    await Promise.all([running.stop(), ...started.map((method) => method.close())]);
  }
}

/** Adds each to `started` as soon as it runs, so that it is ended even when another one can't start. */
async function startOthers(started: DeployMethod[]): Promise<void> {
  for (const [name, start] of others) {
    const method = await start();
    if (method === null) console.log(`${name} is not on this machine: left out of the tables`);
    else started.push(method);
  }
}
