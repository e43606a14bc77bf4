import { findProgram } from '../find-program.ts';
import type { Contestant, Placement, StartContestant } from './contestant.ts';
import { runH2load } from './h2load.ts';
import { startLotse } from './lotse-contestant.ts';
import { makeCertificate } from './make-certificate.ts';
import { measureLatency } from './measure-latency.ts';
import { measureThroughput, type Throughput } from './measure-throughput.ts';
import { startCaddy, startHaproxy, startHttpProxy3, startNginx, startRelay } from './peers.ts';
import { sizes, type ProxyRounds } from './proxy-figures.ts';
import { runWrk } from './wrk.ts';

export interface Pace {
  readonly rounds: number;
  readonly seconds: number;
  readonly isQuick: boolean;
  /** Where the proxies run, and where load and upstream do. */
  readonly cores: { readonly proxy: number; readonly load: number };
}

interface Entry {
  readonly title: string;
  readonly start: StartContestant;
}

type Throughputs = ProxyRounds['throughput'][number][];

const onOneCore: readonly Entry[] = [
  { title: 'Lotse', start: startLotse },
  { title: 'HAProxy', start: startHaproxy },
  { title: 'nginx', start: startNginx },
  { title: 'Caddy', start: startCaddy },
  { title: 'http-proxy-3', start: startHttpProxy3 },
  { title: 'the bare relay', start: startRelay },
];
const onTwoCores = onOneCore.slice(0, 3);

/** Each with one worker on the one core: as many requests as they can, then 1000 requests/s. */
export async function roundsOnOneCore(
  upstream: Contestant,
  pace: Pace,
): Promise<Pick<ProxyRounds, 'throughput' | 'latency'>> {
  const placement = { upstreamPort: upstream.port, workers: 1, core: pace.cores.proxy };
  return await together(onOneCore, placement, async (started) => {
    await warmUp(started, pace);
    const throughput: Throughputs = [];
    const latency: ProxyRounds['latency'][number][] = [];
    for (let round = 0; round < pace.rounds; round++) {
      const order = turned(started, round);
      for (const size of sizes) {
        for (const contestant of [...order, upstream]) {
          const load = { path: `/${size}`, seconds: pace.seconds, core: pace.cores.load };
          const measured = await measureThroughput(contestant, upstream, (port) => runWrk({ ...load, port }));
          throughput.push({ name: contestant.name, size, measured });
          console.log(describe(round, size, contestant, measured));
        }
      }
      for (const contestant of pace.isQuick ? started.slice(0, 2) : order) {
        const stretches = await measureLatency(contestant, pace.seconds, pace.cores.load);
        latency.push(...stretches.map((measured) => ({ name: contestant.name, measured })));
      }
    }
    const byOrder = orderOf([...started, upstream]);
    return { throughput: throughput.toSorted(byOrder), latency: latency.toSorted(byOrder) };
  });
}

/** Each with two workers on all cores, load and upstream beside them. */
export async function roundsWithTwoWorkers(upstream: Contestant, pace: Pace): Promise<ProxyRounds['twoWorkers']> {
  const placement = { upstreamPort: upstream.port, workers: 2, core: null };
  return await together(onTwoCores, placement, async (started) => {
    await warmUp(started, { ...pace, isQuick: true });
    const rounds: ProxyRounds['twoWorkers'][number][] = [];
    for (let round = 0; round < pace.rounds; round++) {
      for (const contestant of turned(started, round)) {
        const load = { path: '/1k', seconds: pace.seconds, core: null };
        const measured = await measureThroughput(contestant, upstream, (port) => runWrk({ ...load, port }));
        rounds.push({ name: contestant.name, measured });
        console.log(describe(round, '1k', contestant, measured));
      }
    }
    return rounds.toSorted(orderOf(started));
  });
}

/** Lotse and HAProxy with TLS in front, one worker each on the one core, 1 KB: HTTP/1.1, then HTTP/2. */
export async function roundsWithTls(upstream: Contestant, pace: Pace): Promise<ProxyRounds['secured']> {
  const certificate = await makeCertificate();
  const hasH2load = (await findProgram('h2load')) !== null;
  if (certificate === null || !hasH2load) console.log('openssl and h2load are needed for all of the rounds with TLS');
  if (certificate === null) return [];
  const load = { path: '/1k', seconds: pace.seconds, core: pace.cores.load };
  const loads = [
    { protocol: 'HTTP/1.1', run: (port: number) => runWrk({ ...load, port, scheme: 'https' }) },
    ...(hasH2load ? [{ protocol: 'HTTP/2', run: (port: number) => runH2load({ ...load, port }) }] : []),
  ];
  const placement = { upstreamPort: upstream.port, workers: 1, core: pace.cores.proxy, certificate };
  return await together(onOneCore.slice(0, 2), placement, async (started) => {
    for (const { port } of started) for (const { run } of loads) await run(port);
    const rounds: ProxyRounds['secured'][number][] = [];
    for (let round = 0; round < pace.rounds; round++) {
      for (const { protocol, run } of loads) {
        for (const contestant of turned(started, round)) {
          const measured = await measureThroughput(contestant, upstream, run);
          rounds.push({ name: contestant.name, protocol, measured });
          console.log(describe(round, protocol, contestant, measured));
        }
      }
    }
    return rounds.toSorted(orderOf(started));
  });
}

/** Starts all that are on this machine, and ends them again whatever happens. */
async function together<Result>(
  entries: readonly Entry[],
  placement: Placement,
  use: (started: readonly Contestant[]) => Promise<Result>,
): Promise<Result> {
  const started: Contestant[] = [];
  try {
    for (const { title, start } of entries) {
      const contestant = await start(placement);
      if (contestant === null) console.log(`${title} is not on this machine: left out of the tables`);
      else started.push(contestant);
    }
    return await use(started);
  } finally {
    await Promise.all(started.map((contestant) => contestant.close()));
  }
}

/** Compilers inside the contestants have done their work, and connections are open, when it counts. */
async function warmUp(started: readonly Contestant[], { isQuick, cores }: Pace): Promise<void> {
  for (const { port } of started) {
    for (const size of isQuick ? sizes.slice(0, 1) : sizes) {
      await runWrk({ port, path: `/${size}`, seconds: 1, core: cores.load });
    }
  }
}

/** Another one first in each round. */
function turned(contestants: readonly Contestant[], round: number): readonly Contestant[] {
  const at = round % contestants.length;
  return [...contestants.slice(at), ...contestants.slice(0, at)];
}

function orderOf(contestants: readonly Contestant[]) {
  const place = ({ name }: { readonly name: string }) => contestants.findIndex((each) => each.name === name);
  return (one: { readonly name: string }, other: { readonly name: string }) => place(one) - place(other);
}

function describe(round: number, what: string, { name }: Contestant, measured: Throughput): string {
  const { perSecond, p99Ms, cpuUs, errors } = measured;
  const latency = p99Ms === null ? '' : ` p99 ${p99Ms.toFixed(2)} ms,`;
  const figures = `${perSecond.toFixed(0)} requests/s,${latency} ${cpuUs.toFixed(1)} µs of CPU each`;
  const said = errors === null ? '' : `, ${errors}`;
  return `${String(round + 1).padStart(3)}  ${what.padEnd(9)}${name.padEnd(24)}${figures}${said}`;
}
