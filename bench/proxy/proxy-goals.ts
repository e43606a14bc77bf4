import type { Goal } from '../outcome.ts';
import { partOf } from './cpu-profile.ts';
import { middleOf, ratio, type ProxyRounds, type Size } from './proxy-figures.ts';

/** Files whose functions only count requests. */
const countingFiles = /^src\/(?:proxy\/counting\/(?:count-table|traffic-counters|exchange-count)|core\/durations)\.ts$/;
const countingLimit = 0.02;

/** The figure is null where what it is compared with is not on this machine: then there is no goal. */
interface Limit {
  readonly title: string;
  readonly figure: number | null;
  readonly atMost?: number;
  readonly atLeast?: number;
}

export function proxyGoals(rounds: ProxyRounds): { readonly musts: readonly Goal[]; readonly aims: readonly Goal[] } {
  const cpu = (size: Size) => `CPU per request at ${size === '1k' ? '1 KB' : '64 KB'}, to HAProxy's`;
  const [small, large] = [cpuRatio(rounds, '1k'), cpuRatio(rounds, '64k')];
  const [caddy, httpProxy] = [speedRatio(rounds, 'Caddy'), speedRatio(rounds, 'http-proxy-3')];
  const musts = [
    ...goal({ title: cpu('1k'), figure: small, atMost: 2.5 }),
    ...goal({ title: cpu('64k'), figure: large, atMost: 2 }),
    ...goal({ title: "requests/s at 1 KB, to Caddy's", figure: caddy, atLeast: 2 }),
    ...goal({ title: "requests/s at 1 KB, to http-proxy-3's", figure: httpProxy, atLeast: 4 }),
    ...rounds.profiles.map(({ size, times }) => ({
      title: `part of a worker's CPU samples that count requests (${size}, ${times.samples} samples)`,
      figure: `${(100 * partOf(times, countingFiles)).toFixed(2)} %`,
      wanted: `at most ${100 * countingLimit} %`,
      holds: times.samples > 0 && partOf(times, countingFiles) <= countingLimit,
    })),
    errors(rounds),
  ];
  const aims = [
    ...goal({ title: cpu('1k'), figure: small, atMost: 1.7 }),
    ...goal({ title: cpu('64k'), figure: large, atMost: 1.5 }),
    ...goal({ title: "requests/s at 1 KB, to Caddy's", figure: caddy, atLeast: 3 }),
    ...goal({ title: "p99 at 1000 requests/s, to HAProxy's", figure: latencyRatio(rounds), atMost: 1.5 }),
    ...goal({
      title: 'requests per CPU-second with two workers on all cores, to one on one core',
      figure: ratio(
        middleOf(onlyOf(rounds, '1k'), 'Lotse', ({ cpuUs }) => cpuUs),
        middleOf(rounds.twoWorkers, 'Lotse, 2 workers', ({ cpuUs }) => cpuUs),
      ),
      atLeast: 0.75,
    }),
  ];
  return { musts, aims };
}

export function onlyOf(rounds: ProxyRounds, size: Size): ProxyRounds['throughput'] {
  return rounds.throughput.filter((round) => round.size === size);
}

function cpuRatio(rounds: ProxyRounds, size: Size): number | null {
  const of = (name: string) => middleOf(onlyOf(rounds, size), name, ({ cpuUs }) => cpuUs);
  return ratio(of('Lotse'), of('HAProxy'));
}

function speedRatio(rounds: ProxyRounds, other: string): number | null {
  const of = (name: string) => middleOf(onlyOf(rounds, '1k'), name, ({ perSecond }) => perSecond);
  return ratio(of('Lotse'), of(other));
}

function latencyRatio(rounds: ProxyRounds): number | null {
  const of = (name: string) => middleOf(rounds.latency, name, ({ p99Ms }) => p99Ms);
  return ratio(of('Lotse'), of('HAProxy'));
}

function errors({ throughput, latency, twoWorkers, secured }: ProxyRounds): Goal {
  const isOwn = ({ name }: { readonly name: string }) => name.startsWith('Lotse');
  const said = [...throughput, ...twoWorkers, ...secured]
    .filter(isOwn)
    .flatMap(({ measured }) => measured.errors ?? []);
  const failed = latency.filter(isOwn).reduce((sum, { measured }) => sum + measured.failed, 0);
  return {
    title: 'failed requests of Lotse in all rounds',
    figure: said.length === 0 ? failed : `${failed}; ${said.join('; ')}`,
    wanted: '0',
    holds: said.length === 0 && failed === 0,
  };
}

function goal({ title, figure, atMost, atLeast }: Limit): readonly Goal[] {
  if (figure === null) return [];
  return [
    {
      title,
      figure: `${figure.toFixed(2)} ×`,
      wanted: atMost === undefined ? `at least ${atLeast} ×` : `at most ${atMost} ×`,
      holds: figure <= (atMost ?? figure) && figure >= (atLeast ?? figure),
    },
  ];
}
