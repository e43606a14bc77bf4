import { durationBinEndMs, durationBins } from '../../core/durations.ts';
import type { DurationCount, EpochCounters, TrafficCount } from '../../core/routing-document.ts';
import { family, histogramFamily } from './metrics-text.ts';
import type { HistogramSample, Labels, Sample } from './metrics-text.ts';

const outcomes = ['ok', 'clientError', 'serverError', 'failed', 'clientGone'] as const;
type Outcomes = Record<(typeof outcomes)[number], number>;

/** Every doubling, from 2 ms to 32.8 s: all bins would be six times as many series for each epoch. */
const binsPerBucket = 6;
const bucketEnds = Array.from({ length: durationBins / binsPerBucket - 1 }, (_, index) => (index + 1) * binsPerBucket);

/** Requests by epoch, service and revision. */
export function renderRequests(counters: readonly EpochCounters[]): readonly string[] {
  const sums = counters.flatMap(sumByService);
  const finished = sums.flatMap(({ base, counts }) =>
    outcomes.map((outcome) => ({ labels: { ...base, outcome }, value: counts[outcome] })),
  );
  return [
    family('requests_total', 'counter', 'Finished requests by outcome; epoch -1 is a person’s override.', finished),
    family(
      'late_requests_total',
      'counter',
      'Requests that were not finished after a threshold of their service, in seconds.',
      sums.flatMap(lateSamples),
    ),
    histogramFamily(
      'request_duration_seconds',
      'From the head of a request to the end of its answer, where there is one; without the warm-up of instances.',
      sums.flatMap(durationSamples),
    ),
  ];
}

interface ServiceSum {
  readonly base: Labels;
  readonly counts: Outcomes;
  readonly late: number[];
  readonly durations: DurationCount | null;
}

/** Without buckets: a thousand series per service would help nobody. */
function sumByService(epoch: EpochCounters): readonly ServiceSum[] {
  const keyOf = ({ service, revision }: TrafficCount | DurationCount) => `${service} ${revision}`;
  const durations = new Map(epoch.durations.map((each) => [keyOf(each), each]));
  const sums = new Map<string, ServiceSum>();
  for (const count of epoch.counts) {
    const key = keyOf(count);
    const sum = sums.get(key) ?? {
      base: labelsOf(epoch, count),
      counts: { ok: 0, clientError: 0, serverError: 0, failed: 0, clientGone: 0 },
      late: [],
      durations: durations.get(key) ?? null,
    };
    for (const outcome of outcomes) sum.counts[outcome] += count[outcome];
    for (const [index, late] of count.late.entries()) sum.late[index] = (sum.late[index] ?? 0) + late;
    sums.set(key, sum);
  }
  return [...sums.values()];
}

function labelsOf({ app, environment, epoch, proxyStart }: EpochCounters, { service, revision }: TrafficCount): Labels {
  return { app, environment, epoch: String(epoch), start: proxyStart, service, revision };
}

function lateSamples({ base, late, durations }: ServiceSum): readonly Sample[] {
  const lateAfterMs = durations?.lateAfterMs ?? [];
  return lateAfterMs.map((ms, index) => ({
    labels: { ...base, threshold: String(ms / 1000) },
    value: late[index] ?? 0,
  }));
}

function durationSamples({ base, durations }: ServiceSum): readonly HistogramSample[] {
  if (durations?.sumMs === undefined) return [];
  const { counts, sumMs } = durations;
  const countUpTo = (end: number) => counts.slice(0, end).reduce((sum, count) => sum + count, 0);
  // A bin's last number is the next one's first; rounding only takes off what a power of two has too much.
  const buckets = bucketEnds.map((end) => ({
    atMost: Math.round(durationBinEndMs(end - 1)) / 1000,
    count: countUpTo(end),
  }));
  return [{ labels: base, buckets, count: countUpTo(counts.length), sum: sumMs / 1000 }];
}
