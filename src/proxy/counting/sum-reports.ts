import type { DurationCount, EpochCounters, TrafficCount } from '../../core/routing-document.ts';
import { countFields } from './count-table.ts';
import type { TableReport } from './count-table.ts';
import type { EpochReport } from './traffic-counters.ts';

const bucketAndCounts = 1 + countFields.length;

/** One service of one revision, summed over workers. */
interface ServiceSum {
  readonly service: string;
  readonly revision: string;
  lateAfterMs: readonly number[];
  /** By bucket: the counts in the order of `countFields`, then late ones by threshold. */
  readonly lines: Map<number, number[]>;
  readonly durations: number[];
  durationSumMs: number;
}

/** What the workers have counted in one epoch, together: by service, revision and bucket. */
export function sumReports(reports: readonly EpochReport[]): Pick<EpochCounters, 'counts' | 'durations'> {
  const sums = new Map<string, ServiceSum>();
  for (const { tables } of reports) {
    for (const table of tables) {
      const { service, revision, lateAfterMs } = table;
      const key = `${service} ${revision}`;
      const sum = sums.get(key) ?? {
        service,
        revision,
        lateAfterMs,
        lines: new Map(),
        durations: [],
        durationSumMs: 0,
      };
      sums.set(key, sum);
      addTable(sum, table);
    }
  }
  const inOrder = [...sums.values()].filter(({ lines }) => lines.size > 0).sort(byServiceAndRevision);
  return { counts: inOrder.flatMap(countsOf), durations: inOrder.map(durationsOf) };
}

function addTable(sum: ServiceSum, { lateAfterMs, rows, durations, durationSumMs }: TableReport): void {
  // Workers have the same ones, since they change only with the epoch.
  if (lateAfterMs.length > sum.lateAfterMs.length) sum.lateAfterMs = lateAfterMs;
  const width = bucketAndCounts + lateAfterMs.length;
  for (let at = 0; at < rows.length; at += width) {
    const bucket = rows[at] ?? -1;
    const line = sum.lines.get(bucket) ?? [];
    sum.lines.set(bucket, line);
    for (let field = 0; field < width - 1; field++) line[field] = (line[field] ?? 0) + (rows[at + 1 + field] ?? 0);
  }
  for (const [bin, count] of durations.entries()) sum.durations[bin] = (sum.durations[bin] ?? 0) + count;
  sum.durationSumMs += durationSumMs;
}

function countsOf({ service, revision, lateAfterMs, lines }: ServiceSum): readonly TrafficCount[] {
  const inOrder = [...lines].sort(([a], [b]) => a - b);
  return inOrder.map(([bucket, line]) => {
    const [started = 0, ok = 0, clientError = 0, serverError = 0, failed = 0, clientGone = 0, untimed = 0, ...late] =
      line;
    const ends = { ok, clientError, serverError, failed, clientGone, ...(untimed === 0 ? {} : { untimed }) };
    return { service, revision, bucket, started, ...ends, late: lateAfterMs.map((_, index) => late[index] ?? 0) };
  });
}

function durationsOf({ service, revision, durations, durationSumMs, lateAfterMs }: ServiceSum): DurationCount {
  return { service, revision, counts: durations, sumMs: durationSumMs, lateAfterMs };
}

function byServiceAndRevision(a: ServiceSum, b: ServiceSum): number {
  return a.service.localeCompare(b.service) || a.revision.localeCompare(b.revision);
}
