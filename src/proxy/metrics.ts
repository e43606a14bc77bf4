import type { EpochCounters, ProxyStatus } from '../core/routing-document.ts';

const outcomes = ['ok', 'clientError', 'serverError', 'failed', 'clientGone'] as const;

/** Prometheus text format 0.0.4. Counters are per epoch, so that they never go down while their labels stay. */
export function renderMetrics(status: ProxyStatus, counters: readonly EpochCounters[]): string {
  const lines = [
    '# TYPE lotse_proxy_workers gauge',
    `lotse_proxy_workers ${status.workers.length}`,
    '# TYPE lotse_proxy_document_version gauge',
    `lotse_proxy_document_version ${status.version}`,
    '# TYPE lotse_proxy_held_requests gauge',
    `lotse_proxy_held_requests ${status.heldRequests}`,
    '# TYPE lotse_proxy_problems gauge',
    `lotse_proxy_problems ${status.problems.length}`,
    '# TYPE lotse_proxy_active_requests gauge',
    ...status.addresses.map(
      (at) =>
        `lotse_proxy_active_requests{${labels({ address: `${at.address.host}:${at.address.port}` })}} ${at.activeRequests}`,
    ),
    '# TYPE lotse_proxy_requests_total counter',
    ...counters.flatMap((epoch) => requestLines(epoch)),
    '# TYPE lotse_proxy_late_requests_total counter',
    ...counters.flatMap((epoch) =>
      sumByService(epoch).map(({ base, late }) => `lotse_proxy_late_requests_total{${labels(base)}} ${late}`),
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function requestLines(epoch: EpochCounters): readonly string[] {
  return sumByService(epoch).flatMap(({ base, counts }) =>
    outcomes.map((outcome) => `lotse_proxy_requests_total{${labels({ ...base, outcome })}} ${counts[outcome]}`),
  );
}

/** Without buckets: a thousand series per service would help nobody. */
function sumByService(epoch: EpochCounters) {
  const sums = new Map<
    string,
    { base: Record<string, string>; counts: Record<(typeof outcomes)[number], number>; late: number }
  >();
  for (const count of epoch.counts) {
    const base = {
      app: epoch.app,
      environment: epoch.environment,
      epoch: String(epoch.epoch),
      service: count.service,
      revision: count.revision,
    };
    const key = `${count.service} ${count.revision}`;
    const sum = sums.get(key) ?? {
      base,
      counts: { ok: 0, clientError: 0, serverError: 0, failed: 0, clientGone: 0 },
      late: 0,
    };
    for (const outcome of outcomes) sum.counts[outcome] += count[outcome];
    sum.late += count.late;
    sums.set(key, sum);
  }
  return [...sums.values()];
}

function labels(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(
      ([name, value]) =>
        `${name}="${value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))}"`,
    )
    .join(',');
}
