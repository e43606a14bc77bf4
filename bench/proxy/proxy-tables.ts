import { markdownTable } from '../markdown-table.ts';
import { spread } from '../spread.ts';
import type { Latency } from './measure-latency.ts';
import type { Throughput } from './measure-throughput.ts';
import { middleOf, ratio, sizes, type ProxyRounds, type Size } from './proxy-figures.ts';
import { onlyOf } from './proxy-goals.ts';

type Round = { readonly name: string; readonly measured: Throughput };

const titles = { '1k': '1 KB, one core', '64k': '64 KB, one core' } as const satisfies Record<Size, string>;
const shownFunctions = 25;

/** Each cell: the middle of the rounds, the smallest and the largest. */
export function proxyTables(rounds: ProxyRounds): string {
  const tables = [
    ...sizes.map((size) => throughputTable(titles[size], onlyOf(rounds, size))),
    throughputTable('1 KB, two workers on all cores', rounds.twoWorkers),
    latencyTable(rounds),
    ...[...new Set(rounds.secured.map(({ protocol }) => protocol))].map((protocol) =>
      throughputTable(
        `1 KB, TLS and ${protocol}, one core`,
        rounds.secured.filter((round) => round.protocol === protocol),
      ),
    ),
  ];
  return tables.join('\n\n');
}

function throughputTable(title: string, rounds: readonly Round[]): string {
  const haproxyUs = middleOf(rounds, 'HAProxy', ({ cpuUs }) => cpuUs);
  const rows = namesOf(rounds).map((name) => {
    const own = rounds.filter((round) => round.name === name).map(({ measured }) => measured);
    const factor = ratio(
      middleOf(rounds, name, ({ cpuUs }) => cpuUs),
      haproxyUs,
    );
    const cell = (figure: (measured: Throughput) => number | null, digits: number) => spread(own.map(figure), digits);
    return [
      name,
      cell(({ perSecond }) => perSecond, 0),
      cell(({ p50Ms }) => p50Ms, 2),
      cell(({ p99Ms }) => p99Ms, 2),
      cell(({ cpuUs }) => cpuUs, 1),
      factor === null ? '–' : factor.toFixed(2),
      cell(({ upstreamCpuUs }) => upstreamCpuUs, 1),
    ];
  });
  const head = ['requests/s', 'p50 ms', 'p99 ms', 'CPU µs/request', 'to HAProxy', 'upstream µs'];
  return markdownTable([title, ...head], rows);
}

function latencyTable({ latency }: ProxyRounds): string {
  const rows = namesOf(latency).map((name) => {
    const own = latency.filter((round) => round.name === name).map(({ measured }) => measured);
    const cell = (figure: (measured: Latency) => number) => spread(own.map(figure), 2);
    const failed = own.reduce((sum, each) => sum + each.failed, 0);
    return [name, cell(({ p50Ms }) => p50Ms), cell(({ p99Ms }) => p99Ms), `${failed}`];
  });
  return markdownTable(['1 KB, 1000 requests/s', 'p50 ms', 'p99 ms', 'failed'], rows);
}

/** Where a worker's time goes, most first. */
export function profileTables({ profiles }: ProxyRounds): string {
  const tables = profiles.map(({ size, times }) => {
    const rows = times.functions.slice(0, shownFunctions).map(({ name, part }) => [name, (100 * part).toFixed(1)]);
    return markdownTable([`a worker's time, ${titles[size]}, ${times.samples} samples`, '%'], rows);
  });
  return tables.join('\n\n');
}

function namesOf(rounds: readonly { readonly name: string }[]): readonly string[] {
  return [...new Set(rounds.map(({ name }) => name))];
}
