import type { Duplex } from 'node:stream';
import type {
  EpochCounters,
  FrontDoors,
  ProxyStatus,
  RoutedEnvironment,
  RoutingDocument,
} from '../../../core/routing-document.ts';
import type { ReleaseId, Scope, UnixMs } from '../../../core/ids.ts';
import { LotseError } from '../../../core/errors.ts';
import { ProxyControl } from '../../../proxy/control-client.ts';
import type { ObservedAnswers } from '../../../rollout/facts.ts';
import type { LiveQuestion, TrafficRouter } from '../traffic.ts';
import { AskedTogether } from './asked-together.ts';
import { askOnce, type ProbeTarget } from './live-probe.ts';

export interface ProxyRouterOptions {
  /** The proxy that answers now; asked for each call, since it may have been started anew. */
  readonly proxy: () => Promise<ProxyControl>;
  /** The owner's fencing token at this moment. */
  readonly fence: () => number;
  /** Key in hex with which probes are signed; the same over restarts, so that nothing in flight is refused. */
  readonly probeKey: string;
  /** Ports, certificates and everything else that belongs to no environment, as of now. */
  readonly doors: () => FrontDoors;
  /** Roots (PEM) that certificates may lead to, beside the system's; asked for each proof. */
  readonly extraRoots?: () => Promise<readonly string[]>;
  /** A connection to a port of the proxy's own machine, where that is another one. */
  readonly inside?: (port: number) => Promise<Duplex>;
  readonly now: () => number;
}

export interface AskedInARow {
  /** Did anybody answer at all? */
  readonly isReached: boolean;
  readonly answers: ObservedAnswers;
}

/** What probes call an environment that has no name: it answers to any on its own port. */
const withoutName = 'localhost';

/** Lotse's own proxy as traffic router. */
export class ProxyRouter implements TrafficRouter {
  readonly #options: ProxyRouterOptions;
  /** Changes that go together in the next document. */
  #changes: Change[] = [];
  readonly #nextDocument = new AskedTogether(() => this.#replace());
  readonly #status = new AskedTogether(async () => await (await this.#options.proxy()).status());
  readonly #inForce = new AskedTogether(async () => await (await this.#options.proxy()).document());
  /** What this control plane wrote last: nobody else writes under its fence, so it need not be read back. */
  #written: RoutingDocument | null = null;

  constructor(options: ProxyRouterOptions) {
    this.#options = options;
  }

  async publish(environments: readonly RoutedEnvironment[]): Promise<void> {
    await this.#change((known) => [...known.filter((each) => !environments.some(same(each))), ...environments]);
  }

  async withdraw(scope: Scope): Promise<void> {
    await this.#change((known) => known.filter((each) => !same(scope)(each)));
  }

  async status(): Promise<ProxyStatus> {
    return await this.#status.answer();
  }

  async environments(): Promise<readonly RoutedEnvironment[]> {
    return (await this.#document())?.environments ?? [];
  }

  async counters(): Promise<readonly EpochCounters[]> {
    return await (await this.#options.proxy()).counters();
  }

  async acknowledge(
    epochs: readonly { readonly scope: Scope; readonly epoch: number; readonly proxyStart: string }[],
  ): Promise<void> {
    const proxy = await this.#options.proxy();
    await proxy.acknowledge(epochs.map(({ scope, epoch, proxyStart }) => ({ ...scope, epoch, proxyStart })));
  }

  async prove(question: LiveQuestion, signal: AbortSignal): Promise<ObservedAnswers> {
    const answers = await this.#prove(question, signal);
    if (answers.problem === null) return answers;
    const orders = await this.#ordersOfPeople(question);
    return { ...answers, problem: [answers.problem, ...orders].join('; ') };
  }

  /** What people have ordered at the proxy itself explains why the route does not answer as it should. */
  async #ordersOfPeople(scope: Scope): Promise<readonly string[]> {
    const status = await this.status().catch(() => null);
    const inForce = status?.overrides.filter((override) => override.isInForce && same(scope)(override)) ?? [];
    return inForce.map(({ by, order }) => {
      const what = order.kind === 'switch' ? `sends all users to ${order.revision}` : 'shows the maintenance page';
      return `by order of ${by} the proxy ${what} (\`lotse proxy status\`)`;
    });
  }

  async #prove(question: LiveQuestion, signal: AbortSignal): Promise<ObservedAnswers> {
    const outside = await this.askOutside(question, signal);
    if (outside.isReached) return outside.answers;
    // A server often cannot reach its own public name, or cannot verify what it shows there (a CA of one's own, a
    // certificate that has ended); then its proxy is asked, and people are told.
    const inside = await this.askInside(question, signal);
    const outsideProblem = outside.answers.problem ?? 'nobody answered';
    return inside.isReached ? { ...inside.answers, outsideProblem } : outside.answers;
  }

  /** Where the public name leads; on another machine an environment without one is asked there. */
  async askOutside(question: LiveQuestion, signal: AbortSignal): Promise<AskedInARow> {
    const target = await this.#probeTarget(question);
    const isElsewhere = this.#options.inside !== undefined && target.host === withoutName;
    return await this.#askInARow(isElsewhere ? await this.#fromInside(target) : target, question, signal);
  }

  /** The proxy itself, wherever the public name leads. */
  async askInside(question: LiveQuestion, signal: AbortSignal): Promise<AskedInARow> {
    return await this.#askInARow(await this.#fromInside(await this.#probeTarget(question)), question, signal);
  }

  async #fromInside(target: ProbeTarget): Promise<ProbeTarget> {
    const { inside } = this.#options;
    const open = inside === undefined ? {} : { open: async () => await inside(target.port) };
    const there = { ...target, ...open, address: this.#ownAddress() };
    if (target.tls === null) return there;
    const shown = (await this.#document())?.tls?.certificates ?? [];
    return { ...there, tls: { kind: 'known', certificates: shown.map(({ chainPem }) => chainPem) } };
  }

  async #askInARow(
    target: ProbeTarget,
    { revision, times, bucket }: LiveQuestion,
    signal: AbortSignal,
  ): Promise<AskedInARow> {
    for (let inARow = 0; inARow < times; inARow++) {
      const answer = await askOnce(target, { bucket, nowMs: this.#options.now() }, signal);
      if (answer.revision === revision) continue;
      const problem = answer.problem ?? `the public route answered with ${answer.revision ?? 'no revision'}`;
      return { isReached: answer.isReached, answers: { revision, inARow: 0, problem } };
    }
    return { isReached: true, answers: { revision, inARow: times, problem: null } };
  }

  /** Where this machine reaches the proxy's front port. */
  #ownAddress(): string {
    const { frontHost } = this.#options.doors();
    return frontHost === '0.0.0.0' || frontHost === '::' ? '127.0.0.1' : frontHost;
  }

  /** Value of the preview header: shows the release to whoever sends it, until the wall clock says `untilMs`. */
  readonly signPreview = (release: ReleaseId, untilMs: UnixMs): string =>
    ProxyControl.signPreview(this.#options.probeKey, release, untilMs);

  async keepJournalHeads(heads: ProxyStatus['journalHeads']): Promise<void> {
    await (await this.#options.proxy()).putJournalHeads(heads);
  }

  /**
   * The first domain, by TLS where plain requests are sent there; an environment without names is asked on its own port.
   * The doors are those of the proxy's document: what it was told, and not what it will be told next.
   */
  async #probeTarget(scope: Scope): Promise<ProbeTarget> {
    const document = await this.#document();
    const environment = document?.environments.find(same(scope));
    const path = shortestPath(environment);
    const host = environment?.domains[0];
    const doors = document ?? this.#options.doors();
    const frontPort = doors.frontPort ?? 80;
    const { trustedProxies } = doors;
    const { probeKey } = this.#options;
    const common = { host: host ?? withoutName, path, probeKey, trustedProxies, address: null };
    if (host === undefined) return { ...common, port: environment?.port ?? frontPort, trustedProxies: [], tls: null };
    if (doors.tls === null || environment?.https == null) return { ...common, port: frontPort, tls: null };
    return {
      ...common,
      port: doors.tls.port,
      tls: { kind: 'verified', extraRoots: (await this.#options.extraRoots?.()) ?? [] },
    };
  }

  /** The document in force: it grows with everything that is routed, so it is asked for as rarely as may be. */
  async #document(): Promise<RoutingDocument | null> {
    return this.#written?.fence === this.#options.fence() ? this.#written : await this.#inForce.answer();
  }

  /** Changes that come while a document is on its way go together in the next one. */
  async #change(change: Change): Promise<void> {
    this.#changes.push(change);
    await this.#nextDocument.answer();
  }

  /** One document at a time is read, changed and put as a whole. */
  async #replace(): Promise<void> {
    const changes = this.#changes.splice(0);
    const change: Change = (known) => changes.reduce((environments, each) => each(environments), known);
    try {
      await this.#put(change);
    } catch (error) {
      const hadWritten = this.#written !== null;
      this.#written = null;
      // A call whose answer was lost may have been in force all the same: then the version is one further.
      if (!hadWritten || !(error instanceof LotseError) || error.code !== 'fenced-off') throw error;
      await this.#put(change);
    }
  }

  async #put(change: Change): Promise<void> {
    const proxy = await this.#options.proxy();
    const fence = this.#options.fence();
    const known = await this.#document();
    const doors = this.#options.doors();
    const next: RoutingDocument = {
      format: 1,
      fence,
      version: known?.fence === fence ? known.version + 1 : 1,
      probeKey: this.#options.probeKey,
      ...doors,
      environments: change(known?.environments ?? []),
    };
    // Before the first environment there is nothing to answer, so no port is opened either.
    if (known === null && next.environments.length === 0 && doors.tls === null && doors.challenges.length === 0) return;
    const { problems } = await proxy.putDocument(next);
    this.#written = next;
    const taken = problems.find((problem) => problem.startsWith('port-taken'));
    if (taken !== undefined)
      throw new LotseError('port-taken', taken.replace(/^port-taken: /, ''), { retriable: true });
  }
}

type Change = (known: readonly RoutedEnvironment[]) => readonly RoutedEnvironment[];

function same(scope: Scope): (other: Scope) => boolean {
  return (other) => other.app === scope.app && other.environment === scope.environment;
}

/** A path that a web service of the environment answers: `/` where there is one at the root. */
function shortestPath(environment: RoutedEnvironment | undefined): string {
  const paths = environment?.revisions.flatMap((revision) => revision.services.map((service) => service.path)) ?? [];
  return paths.toSorted((a, b) => a.length - b.length)[0] ?? '/';
}
