import { parseArgs } from 'node:util';
import { findProgram } from '../find-program.ts';
import { tell } from '../outcome.ts';
import { goFirst } from '../priority.ts';
import type { Contestant } from './contestant.ts';
import { profileWorker } from './profile-worker.ts';
import { sizes, type ProxyRounds } from './proxy-figures.ts';
import { proxyGoals } from './proxy-goals.ts';
import { roundsOnOneCore, roundsWithTls, roundsWithTwoWorkers, type Pace } from './proxy-rounds.ts';
import { profileTables, proxyTables } from './proxy-tables.ts';
import { startUpstream } from './upstream.ts';

// What a request costs in Lotse's proxy, in turns with other proxies that get the same core, upstream and load.

const help = `npm run bench -- proxy [--quick] [--rounds N] [--seconds N] [--profile]

  --quick        1 round of 1 second, without TLS; within 50 seconds
  --rounds N     so many rounds (default 7)
  --seconds N    so long each time (default 3)
  --profile      also shows where a worker's time goes, function by function`;

/** The proxy under test has a core for itself; load and upstream share the other. */
const cores = { proxy: 0, load: 1 } as const;

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    profile: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) console.log(help);
else if ((await findProgram('wrk')) === null || (await findProgram('taskset')) === null) {
  console.log('wrk makes the load and taskset (util-linux) keeps it on its core; without them nothing was measured.');
  process.exitCode = 1;
} else await bench(options.quick);

async function bench(isQuick: boolean): Promise<void> {
  const [rounds, seconds] = [Number(options.rounds ?? (isQuick ? 1 : 7)), Number(options.seconds ?? (isQuick ? 1 : 3))];
  const pace: Pace = { rounds, seconds, isQuick, cores };
  await goFirst(process.pid);
  const upstream = await startUpstream(cores.load);
  try {
    const onOneCore = await roundsOnOneCore(upstream, pace);
    const twoWorkers = await roundsWithTwoWorkers(upstream, pace);
    const secured = isQuick ? [] : await roundsWithTls(upstream, pace);
    const measured = { ...onOneCore, twoWorkers, secured, profiles: await profilesOf(upstream, pace) };
    console.log(`\n${proxyTables(measured)}\n`);
    if (options.profile) console.log(`${profileTables(measured)}\n`);
    tell({ bench: 'proxy', isQuick, ...proxyGoals(measured), figures: measured });
  } finally {
    await upstream.close();
  }
}

async function profilesOf(upstream: Contestant, { rounds, seconds }: Pace): Promise<ProxyRounds['profiles']> {
  const profiles: ProxyRounds['profiles'][number][] = [];
  for (const size of sizes) {
    const load = { path: `/${size}`, seconds: Math.max(2, Math.min(10, rounds * seconds)), core: cores.load };
    profiles.push({ size, times: await profileWorker(upstream, cores.proxy, load) });
  }
  return profiles;
}
