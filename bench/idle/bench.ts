import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { EnvironmentViewModel } from '../../src/capabilities/releases/releases-api.ts';
import { startControlPlane, type RunningControlPlane } from '../control-plane.ts';
import { makeRelease } from '../make-release.ts';
import { markdownTable } from '../markdown-table.ts';
import { tell, type Goal } from '../outcome.ts';
import { RolloutCourse } from '../rollout-course.ts';
import { processorMs, proportionalBytes } from '../process-usage.ts';

// What Lotse takes while nothing happens: control plane and proxy, with an app of five services in two environments.

const help = `npm run bench -- idle [--quick]

  --quick    looks for 30 seconds instead of 5 minutes`;

const environments = ['staging', 'production'] as const;
const appFolder = fileURLToPath(new URL('app/', import.meta.url));
/** What a start leaves behind may go first, in milliseconds. */
const restMs = 5_000;
const aim = { megabytes: 160, corePercent: 1 } as const;

interface Usage {
  readonly process: string;
  readonly megabytes: number;
  /** Of one core. */
  readonly corePercent: number;
}

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
});
if (options.help) console.log(help);
else if (process.platform !== 'linux') {
  console.log('Only Linux tells how much memory a process has for itself; nothing was measured.');
  process.exitCode = 1;
} else await bench(options.quick);

async function bench(isQuick: boolean): Promise<void> {
  const running = await startControlPlane('idleapp');
  try {
    const release = await makeRelease(running.plane, appFolder, 1);
    for (const environment of environments) {
      const course = await RolloutCourse.start(running.plane, environment, release.id);
      await course.until((view) => view.status === 'settled');
    }
    await sleep(restMs);
    const usages = await watch(await processesOf(running), isQuick ? 30_000 : 300_000);
    const views = await Promise.all(environments.map((environment) => running.plane.environment(environment)));
    report(usages, views.flatMap(slotStates), isQuick);
  } finally {
    await running.stop();
  }
}

async function processesOf({ pid, proxy }: RunningControlPlane): Promise<readonly (readonly [string, number])[]> {
  const status = await proxy.status();
  const workers = status.workers.map((worker, at) => [`proxy worker ${at + 1}`, worker.pid] as const);
  return [['control plane', pid], ['proxy', status.pid], ...workers];
}

async function watch(processes: readonly (readonly [string, number])[], forMs: number): Promise<readonly Usage[]> {
  const startMs = performance.now();
  const before = await Promise.all(processes.map(([, pid]) => processorMs(pid)));
  await sleep(forMs);
  const after = await Promise.all(processes.map(([, pid]) => processorMs(pid)));
  const tookMs = performance.now() - startMs;
  return await Promise.all(
    processes.map(async ([process, pid], at) => ({
      process,
      megabytes: (await proportionalBytes(pid)) / 1e6,
      corePercent: (100 * ((after[at] ?? 0) - (before[at] ?? 0))) / tookMs,
    })),
  );
}

function slotStates(view: EnvironmentViewModel): readonly string[] {
  return view.services.flatMap((service) => service.slots.map((slot) => slot.state));
}

function report(usages: readonly Usage[], states: readonly string[], isQuick: boolean): void {
  const megabytes = usages.reduce((sum, usage) => sum + usage.megabytes, 0);
  const corePercent = usages.reduce((sum, usage) => sum + usage.corePercent, 0);
  const all = [...usages, { process: 'together', megabytes, corePercent }];
  const rows = all.map((each) => [each.process, each.megabytes.toFixed(1), each.corePercent.toFixed(2)]);
  console.log(`\n${markdownTable(['process', 'PSS, MB', '% of one core'], rows)}\n`);
  const ready = states.filter((state) => state === 'ready').length;
  const musts: readonly Goal[] = [
    {
      title: 'instances that are ready in two environments after the idle time',
      figure: `${ready} of ${states.length}`,
      wanted: '12 of 12',
      holds: ready === 12 && states.length === 12,
    },
  ];
  const aims: readonly Goal[] = [
    {
      title: 'memory (PSS) of control plane and proxy together',
      figure: `${megabytes.toFixed(1)} MB`,
      wanted: `< ${aim.megabytes} MB`,
      holds: megabytes < aim.megabytes,
    },
    {
      title: 'processor time of control plane and proxy together',
      figure: `${corePercent.toFixed(2)} % of one core`,
      wanted: `< ${aim.corePercent} %`,
      holds: corePercent < aim.corePercent,
    },
  ];
  tell({ bench: 'idle', isQuick, musts, aims, figures: all });
}
