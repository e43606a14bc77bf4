import type { EpochCounters, ProxyStatus, RoutedEnvironment, RoutingDocument } from '../../../core/routing-document.ts';
import type { Scope } from '../../../core/ids.ts';
import { LotseError } from '../../../core/errors.ts';
import type { ProxyControl } from '../../../proxy/control-client.ts';
import type { ObservedAnswers } from '../../../rollout/facts.ts';
import type { LiveQuestion, TrafficRouter } from '../traffic.ts';
import { askOnce, type ProbeTarget } from './live-probe.ts';

export interface ProxyRouterOptions {
  /** The proxy that answers now; asked for each call, since it may have been started anew. */
  readonly proxy: () => Promise<ProxyControl>;
  /** The owner's fencing token at this moment. */
  readonly fence: () => number;
  /** Key in hex with which probes are signed; the same over restarts, so that nothing in flight is refused. */
  readonly probeKey: string;
  readonly frontPort: number;
  readonly frontHost: string;
  readonly now: () => number;
}

/** Lotse's own proxy as traffic router. */
export class ProxyRouter implements TrafficRouter {
  readonly #options: ProxyRouterOptions;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ProxyRouterOptions) {
    this.#options = options;
  }

  async publish(environments: readonly RoutedEnvironment[]): Promise<void> {
    await this.#replace((known) => [...known.filter((each) => !environments.some(same(each))), ...environments]);
  }

  async withdraw(scope: Scope): Promise<void> {
    await this.#replace((known) => known.filter((each) => !same(scope)(each)));
  }

  async status(): Promise<ProxyStatus> {
    return await (await this.#options.proxy()).status();
  }

  async environments(): Promise<readonly RoutedEnvironment[]> {
    return (await (await this.#options.proxy()).document())?.environments ?? [];
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
    const target = await this.#probeTarget(question);
    const outside = await this.#askInARow(target, question, signal);
    if (outside.isReached) return outside.answers;
    // A server often cannot reach its own public name; then its proxy is asked, and people are told.
    const inside = await this.#askInARow({ ...target, address: this.#ownAddress() }, question, signal);
    const outsideProblem = outside.answers.problem ?? 'nobody answered';
    return inside.isReached ? { ...inside.answers, outsideProblem } : outside.answers;
  }

  async #askInARow(target: ProbeTarget, { revision, times, bucket }: LiveQuestion, signal: AbortSignal) {
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
    const { frontHost } = this.#options;
    return frontHost === '0.0.0.0' || frontHost === '::' ? '127.0.0.1' : frontHost;
  }

  async keepJournalHeads(heads: ProxyStatus['journalHeads']): Promise<void> {
    await (await this.#options.proxy()).putJournalHeads(heads);
  }

  /** The first domain on the front port; an environment without names is asked on its own port. */
  async #probeTarget(scope: Scope): Promise<ProbeTarget> {
    const environment = (await this.environments()).find(same(scope));
    const path = shortestPath(environment);
    const host = environment?.domains[0];
    const port = host === undefined ? (environment?.port ?? this.#options.frontPort) : this.#options.frontPort;
    return { host: host ?? 'localhost', port, path, probeKey: this.#options.probeKey, address: null };
  }

  /** One change at a time: a document is read, changed and put as a whole. */
  async #replace(change: (known: readonly RoutedEnvironment[]) => readonly RoutedEnvironment[]): Promise<void> {
    const turn = this.#turn.then(async () => {
      const proxy = await this.#options.proxy();
      const known = await proxy.document();
      const fence = this.#options.fence();
      const next: RoutingDocument = {
        format: 1,
        fence,
        version: known?.fence === fence ? known.version + 1 : 1,
        probeKey: this.#options.probeKey,
        frontPort: this.#options.frontPort,
        frontHost: this.#options.frontHost,
        environments: change(known?.environments ?? []),
      };
      const { problems } = await proxy.putDocument(next);
      const taken = problems.find((problem) => problem.startsWith('port-taken'));
      if (taken !== undefined)
        throw new LotseError('port-taken', taken.replace(/^port-taken: /, ''), { retriable: true });
    });
    this.#turn = turn.catch(() => undefined);
    await turn;
  }
}

function same(scope: Scope): (other: Scope) => boolean {
  return (other) => other.app === scope.app && other.environment === scope.environment;
}

/** A path that a web service of the environment answers: `/` where there is one at the root. */
function shortestPath(environment: RoutedEnvironment | undefined): string {
  const paths = environment?.revisions.flatMap((revision) => revision.services.map((service) => service.path)) ?? [];
  return paths.toSorted((a, b) => a.length - b.length)[0] ?? '/';
}
