import type { EpochCounters, ProxyStatus } from '../../core/routing-document.ts';
import type { AccessLogFile } from '../access-log/access-log-file.ts';
import type { DataPlaneStatus } from '../data-plane.ts';
import type { InstanceProbes } from '../probing/instance-probes.ts';
import { family } from './metrics-text.ts';
import { renderRequests } from './request-metrics.ts';

/** What there is to tell about a proxy. */
export interface ProxyFigures {
  readonly status: ProxyStatus;
  readonly workers: readonly DataPlaneStatus[];
  readonly counters: readonly EpochCounters[];
  readonly accessLog: AccessLogFile['counts'];
  readonly probes: InstanceProbes['counts'];
}

/**
 * Prometheus text format 0.0.4. Counters that end, with their worker or their epoch, carry its name: so none ever goes
 * down while its labels stay.
 */
export function renderMetrics(figures: ProxyFigures): string {
  return [
    ...renderDocument(figures.status),
    ...renderPresent(figures),
    ...renderAddresses(figures.status),
    ...renderRequests(figures.counters),
    ...renderTotals(figures),
  ].join('');
}

function renderDocument(status: ProxyStatus): readonly string[] {
  const { version, fence, build, proxyStart } = status;
  const overrides = status.overrides.map(({ app, environment, order, isInForce }) => ({
    labels: { app, environment, kind: order.kind },
    value: isInForce ? 1 : 0,
  }));
  return [
    family('info', 'gauge', 'Which program runs, and which start of it.', [
      { labels: { build, start: proxyStart }, value: 1 },
    ]),
    family('document_version', 'gauge', 'Version of the routing document in force.', version),
    family('document_fence', 'gauge', 'Fencing token of the control plane that wrote it.', fence),
    family('document_confirmed', 'gauge', 'Whether every worker has it.', status.confirmed ? 1 : 0),
    family('problems', 'gauge', 'Problems that need a person.', status.problems.length),
    family('override_active', 'gauge', 'Orders of people at the proxy; 0 while one cannot take effect.', overrides),
  ];
}

function renderPresent({ status, workers }: ProxyFigures): readonly string[] {
  const connections = workers.reduce((sum, worker) => sum + worker.connections, 0);
  return [
    family('workers', 'gauge', 'Workers that accept connections.', status.workers.length),
    family('draining_workers', 'gauge', 'Replaced workers that finish what they have.', status.drainingWorkers),
    family('connections', 'gauge', 'Open connections of clients.', connections),
    family('held_requests', 'gauge', 'Requests that wait while their environment is paused.', status.heldRequests),
  ];
}

function renderAddresses({ addresses }: ProxyStatus): readonly string[] {
  const samples = (value: (at: (typeof addresses)[number]) => number) =>
    addresses.map((at) => ({ labels: { address: `${at.address.host}:${at.address.port}` }, value: value(at) }));
  return [
    family(
      'active_requests',
      'gauge',
      'Requests and upgraded connections in flight at an instance.',
      samples((at) => at.activeRequests),
    ),
    family(
      'upgraded_connections',
      'gauge',
      'Those of them that are WebSockets and the like.',
      samples((at) => at.upgradedConnections),
    ),
    family(
      'ejected',
      'gauge',
      'Whether every other instance is preferred to this one.',
      samples((at) => (at.ejected ? 1 : 0)),
    ),
  ];
}

function renderTotals({ workers, accessLog, probes }: ProxyFigures): readonly string[] {
  const handshakes = workers.map(({ pid, failedHandshakes }) => ({
    labels: { worker: String(pid) },
    value: failedHandshakes,
  }));
  return [
    family('tls_handshakes_failed_total', 'counter', 'TLS handshakes that came to nothing, by worker.', handshakes),
    family('probes_total', 'counter', 'What instances answered when the proxy asked.', [
      { labels: { result: 'ok' }, value: probes.ok },
      { labels: { result: 'failed' }, value: probes.failed },
    ]),
    family('access_log_lines_total', 'counter', 'Lines written to the access log.', accessLog.written),
    family('access_log_lines_lost_total', 'counter', 'Lines that were left out: too many failures, or the disk.', [
      { labels: { reason: 'rate' }, value: accessLog.lostToRate },
      { labels: { reason: 'disk' }, value: accessLog.lostToDisk },
    ]),
  ];
}
