import { X509Certificate } from 'node:crypto';
import type {
  Address,
  ProxyOverride,
  ProxyStatus,
  RoutedEnvironment,
  RoutingDocument,
} from '../../core/routing-document.ts';
import { modeWords } from '../mode-words.ts';
import { formatAgo, formatTime, type Output } from '../output.ts';
import { harmless } from '../text-layout.ts';

/** What `lotse proxy status --json` says. No keys are in it. */
export interface ProxyReport {
  readonly status: ProxyStatus;
  readonly environments: readonly EnvironmentReport[];
  readonly certificates: readonly CertificateReport[];
}

interface EnvironmentReport {
  readonly app: string;
  readonly environment: string;
  readonly domains: readonly string[];
  /** As the control plane says; overrides are in the status. */
  readonly mode: RoutedEnvironment['mode']['kind'];
  readonly revisions: readonly {
    readonly revision: string;
    readonly release: string;
    readonly permille: number;
    readonly instances: readonly {
      readonly service: string;
      readonly slot: number;
      readonly state: 'accepting' | 'draining';
      readonly address: Address;
    }[];
  }[];
}

interface CertificateReport {
  readonly names: readonly string[];
  /** Unix time in milliseconds; null: it cannot be read. */
  readonly expiresAt: number | null;
}

export function proxyReport(status: ProxyStatus, document: RoutingDocument | null): ProxyReport {
  return {
    status,
    environments: (document?.environments ?? []).map(environmentReport),
    certificates: (document?.tls?.certificates ?? []).map(({ names, chainPem }) => ({
      names,
      expiresAt: expiryOf(chainPem),
    })),
  };
}

function environmentReport({
  app,
  environment,
  domains,
  mode,
  shares,
  revisions,
}: RoutedEnvironment): EnvironmentReport {
  return {
    ...{ app, environment, domains, mode: mode.kind },
    revisions: revisions.map(({ revision, release, services }) => ({
      ...{ revision, release },
      permille: shares.find((share) => share.revision === revision)?.permille ?? 0,
      instances: services.flatMap(({ service, instances }) =>
        instances.map(({ slot, state, address }) => ({ service, slot, state, address })),
      ),
    })),
  };
}

function expiryOf(chainPem: string): number | null {
  try {
    return new X509Certificate(chainPem).validToDate.getTime();
  } catch {
    return null;
  }
}

export function showProxyReport(report: ProxyReport, out: Output): void {
  const { status } = report;
  out.pairs([
    ['proxy', `pid ${status.pid}  ${out.paint(status.build, 'dim')}`],
    ['document', documentText(status, out)],
    ['workers', workersText(status)],
    ...(status.heldRequests === 0 ? [] : [['held', `${status.heldRequests} requests wait`] as const]),
  ]);
  showEnvironments(report, out);
  showAddresses(report, out);
  showCertificates(report, out);
  const others = status.problems.filter((problem) => !problem.startsWith('override: '));
  if (others.length + status.overrides.length > 0) out.line();
  for (const override of status.overrides) out.line(overrideLine(override, out));
  for (const problem of others) out.line(`${out.paint(out.symbols.warning, 'yellow')} ${harmless(problem)}`);
}

function documentText({ fence, version, confirmed }: ProxyStatus, out: Output): string {
  if (version === 0) return out.paint('none yet', 'yellow');
  const state = confirmed
    ? out.paint('in force in every worker', 'green')
    : out.paint('not in every worker yet', 'yellow');
  return `version ${version} of fence ${fence}, ${state}`;
}

function workersText({ workers, drainingWorkers }: ProxyStatus): string {
  const pids = workers.map((worker) => `pid ${worker.pid}`).join(', ');
  return `${workers.length} (${pids})${drainingWorkers === 0 ? '' : `, ${drainingWorkers} finish what they have`}`;
}

function showEnvironments({ status, environments }: ProxyReport, out: Output): void {
  if (environments.length === 0) return;
  const rows = environments.flatMap(({ app, environment, mode, revisions }) => {
    const name = out.paint(`${app}/${environment}`, 'bold');
    const orders = status.overrides.filter((each) => each.app === app && each.environment === environment);
    const words = environmentState(mode, orders, out);
    const [first, ...rest] = revisions.map(({ revision, release, permille }) => [
      revision,
      release,
      shareText(revision, permille, orders),
    ]);
    return [[name, words, ...(first ?? ['', '', ''])], ...rest.map((cells) => ['', '', ...cells])];
  });
  out.line();
  out.table(['environment', 'mode', 'revision', 'release', 'share'], rows);
}

function environmentState(
  mode: RoutedEnvironment['mode']['kind'],
  orders: readonly ProxyOverride[],
  out: Output,
): string {
  const inForce = orders.filter((each) => each.isInForce).map((each) => each.order.kind);
  if (inForce.includes('maintenance')) return out.paint('maintenance page, ordered here', 'yellow', 'bold');
  if (inForce.includes('switch')) return out.paint('switched here', 'yellow', 'bold');
  return modeWords(mode, 'serving', out);
}

function shareText(revision: string, permille: number, orders: readonly ProxyOverride[]): string {
  const order = orders.find((each) => each.isInForce && each.order.kind === 'switch')?.order;
  const own = `${permille / 10} %`;
  if (order?.kind !== 'switch') return own;
  return order.revision === revision ? `100 % (else ${own})` : `0 % (else ${own})`;
}

function showAddresses({ status, environments }: ProxyReport, out: Output): void {
  if (status.addresses.length === 0) return;
  const rows = status.addresses.map(({ address, activeRequests, upgradedConnections, ejected, problem }) => [
    `${address.host}:${address.port}`,
    instanceAt(environments, address),
    String(activeRequests),
    String(upgradedConnections),
    ejected
      ? out.paint('avoided', 'red')
      : problem === null
        ? out.paint('fine', 'green')
        : out.paint('unwell', 'yellow'),
    problem === null ? '' : harmless(problem),
  ]);
  out.line();
  out.table(['address', 'instance', 'requests', 'websockets', 'state', ''], rows);
}

function instanceAt(environments: readonly EnvironmentReport[], { host, port }: Address): string {
  for (const { revisions } of environments) {
    for (const { revision, instances } of revisions) {
      const found = instances.find(({ address }) => address.host === host && address.port === port);
      if (found !== undefined)
        return `${found.service}.${found.slot} of ${revision}${found.state === 'draining' ? ', draining' : ''}`;
    }
  }
  return '';
}

function showCertificates({ certificates }: ProxyReport, out: Output): void {
  if (certificates.length === 0) return;
  const now = Date.now();
  const rows = certificates.map(({ names, expiresAt }) => {
    if (expiresAt === null) return [names.join(', '), out.paint('cannot be read', 'red')];
    const text = formatTime(expiresAt);
    return [names.join(', '), expiresAt < now ? out.paint(`${text}, expired`, 'red') : text];
  });
  out.line();
  out.table(['certificate', 'expires'], rows);
}

function overrideLine(override: ProxyOverride, out: Output): string {
  const { app, environment, order, by, reason, atMs, isInForce } = override;
  const what = order.kind === 'switch' ? `switched to ${order.revision}` : 'under maintenance';
  const why = reason === null ? '' : `: ${harmless(reason)}`;
  const effect = isInForce ? '' : ' (not in force: the routing document names no instance for it)';
  const when = formatAgo(atMs, Date.now());
  return `${out.paint(out.symbols.warning, 'yellow')} ${app}/${environment} was ${what} here by ${harmless(by)} ${when}${effect}${why}`;
}
