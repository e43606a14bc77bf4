import { toLotseError } from '../../../core/errors.ts';
import type { RevisionId, Scope } from '../../../core/ids.ts';
import type { EpochCounters, InnerNetwork, ProxyStatus, RoutedEnvironment } from '../../../core/routing-document.ts';
import type { ObservedAnswers } from '../../../rollout/facts.ts';
import type { LiveQuestion, TrafficRouter } from '../traffic.ts';
import { AbsentServers, inTime, isAway, ofServer } from './absent-servers.ts';
import { KeptRoutes } from './kept-routes.ts';
import { MissedRoutes } from './missed-routes.ts';
import { isSame, mergeCounters, mergeEnvironments, mergeStatus, partOf, serversIn } from './routes-by-server.ts';
import type { OfServer } from './routes-by-server.ts';

/** The router of one server's proxy: it knows only that server's instances, by addresses without `server`. */
export interface ServerRouter extends TrafficRouter {
  /** As `prove`, at the public name alone; not reached: nobody answered at all. */
  askOutside(question: LiveQuestion, signal: AbortSignal): Promise<Asked>;
  /** Likewise at the server's proxy itself. */
  askInside(question: LiveQuestion, signal: AbortSignal): Promise<Asked>;
}

export interface Asked {
  readonly isReached: boolean;
  readonly answers: ObservedAnswers;
}

export interface ServersRouterOptions {
  /** Of this machine's proxy. */
  readonly local: TrafficRouter;
  /** Of a server's proxy, by its name in `servers:`; harmless to ask again. */
  readonly server: (name: string) => ServerRouter;
  /** All servers that any environment has, as of now. */
  readonly all: () => readonly string[];
  /** Those of an environment's revisions; none: it runs on this machine. Without revisions: those that it is to have. */
  readonly serversOf: (scope: Scope, revisions: readonly RevisionId[]) => Promise<readonly string[]>;
  /** Where instances of the environment reach the proxy of their server. Errors: `unreachable`, `timeout`. */
  readonly innerNetwork: (server: string, scope: Scope) => Promise<InnerNetwork | null>;
  /** Where it is kept what servers were told, for while they cannot be asked. */
  readonly folder: string;
  /** When a server that did not answer is looked at again, in milliseconds. Default: 5 s. */
  readonly askAgainMs?: number;
}

/** How long looks wait for a server, and whoever publishes: the others have something to be told too. In milliseconds. */
const patienceMs = { look: 1_500, publish: 3_000 };

/**
 * Routes environments on other machines: each server's proxy gets its own instances, and no other proxy gets them. What is
 * asked is answered for all; a server that cannot be reached is answered for by what it said last, so that it holds up
 * nothing but its own environments.
 */
export class ServersRouter implements TrafficRouter {
  readonly #options: ServersRouterOptions;
  readonly #kept: KeptRoutes;
  readonly #counters = new Map<string, readonly EpochCounters[]>();
  readonly #status = new Map<string, ProxyStatus>();
  /** Servers that were not told of the latest doors. */
  readonly #untold = new Set<string>();
  readonly #missed = new MissedRoutes();
  /** Servers that are being told what they have missed. */
  readonly #catchingUp = new Map<string, Promise<void>>();
  readonly #absent: AbsentServers;

  constructor(options: ServersRouterOptions) {
    this.#options = options;
    this.#kept = new KeptRoutes(options.folder);
    this.#absent = new AbsentServers(options.askAgainMs ?? 5_000);
  }

  /**
   * Errors too: `unreachable` names the server; the others have been told then. One that the newest revision does not run on
   * may be away: nobody can wait for a machine that is being left because it is gone.
   */
  async publish(environments: readonly RoutedEnvironment[]): Promise<void> {
    if (environments.length === 0) return await this.#publishDoors();
    const placed = await Promise.all(environments.map((environment) => this.#place(environment)));
    const names = [...new Set([...this.#options.all(), ...placed.flatMap(({ servers }) => servers)])];
    const here = placed.filter(({ servers }) => servers.length === 0).map(({ environment }) => environment);
    const elsewhere = placed.filter(({ servers }) => servers.length > 0).map(({ environment }) => environment);
    const tasks = names.map(async (server) => {
      const own = placed.filter(({ servers }) => servers.includes(server));
      const routed = own.map(({ environment }) => environment);
      const others = environments.filter((environment) => !routed.includes(environment));
      await this.#begin(server, environments);
      const isLeft = own.every(({ needed }) => !needed.includes(server));
      await (isLeft ? this.#publishLate(server, routed, others) : this.#publishTo(server, routed, others));
    });
    if (here.length > 0) tasks.push(this.#options.local.publish(here));
    tasks.push(forget(this.#options.local, elsewhere));
    await all(tasks);
  }

  async withdraw(scope: Scope): Promise<void> {
    const tasks = this.#options.all().map(async (server) => {
      await this.#begin(server, [scope]);
      if (!(await this.#inForce(server)).some((known) => isSame(known, scope))) return;
      await this.#options.server(server).withdraw(scope);
      await this.#keep(server);
    });
    await all([...tasks, forget(this.#options.local, [scope])]);
  }

  async status(): Promise<ProxyStatus> {
    const asked = this.#options.local.status();
    const answered = this.#askAll(async (server): Promise<ProxyStatus> => {
      try {
        const status = await this.#read(server, (router) => router.status());
        this.#status.set(server, status);
        if (this.#untold.delete(server)) void this.#publishDoorsTo(server).catch(() => this.#untold.add(server));
        return status;
      } catch (error) {
        const problems = [toLotseError(error).message];
        const known = this.#status.get(server);
        return known === undefined ? { ...(await asked), ...nothing, problems } : { ...known, problems };
      }
    });
    const [own, parts] = await Promise.all([asked, answered]);
    return mergeStatus(own, parts);
  }

  async environments(): Promise<readonly RoutedEnvironment[]> {
    const asked = this.#askAll((server) => this.#inForce(server));
    const [own, parts] = await Promise.all([this.#options.local.environments(), asked]);
    // The same list as long as it is the same, for whoever has looked through it.
    return parts.length === 0 ? own : [...own, ...mergeEnvironments(parts)];
  }

  async counters(): Promise<readonly EpochCounters[]> {
    const asked = this.#askAll((server) => this.#countersOf(server));
    const [own, parts] = await Promise.all([this.#options.local.counters(), asked]);
    return [...own, ...mergeCounters(parts)];
  }

  async acknowledge(epochs: Parameters<TrafficRouter['acknowledge']>[0]): Promise<void> {
    const starts = (server: string) => new Set(this.#counters.get(server)?.map(({ proxyStart }) => proxyStart));
    const parts = this.#options.all().map((server) => {
      const told = starts(server);
      return { server, own: epochs.filter(({ proxyStart }) => told.has(proxyStart)) };
    });
    const here = epochs.filter((epoch) => !parts.some(({ own }) => own.includes(epoch)));
    const tasks = parts.map(async ({ server, own }) => {
      if (own.length > 0) await this.#options.server(server).acknowledge(own);
    });
    if (here.length > 0) tasks.push(this.#options.local.acknowledge(here));
    await all(tasks);
  }

  /** Live is what the public name leads to and what each of its servers answers: names lead to all of them in turns. */
  async prove(question: LiveQuestion, signal: AbortSignal): Promise<ObservedAnswers> {
    const servers = await this.#options.serversOf(question, [question.revision]);
    const [first] = servers;
    if (first === undefined) return await this.#options.local.prove(question, signal);
    const inside = await Promise.all(
      servers.map(async (server) => {
        const { isReached, answers } = await this.#options.server(server).askInside(question, signal);
        return { server, answers, isProven: isReached && answers.problem === null };
      }),
    );
    for (const { server, answers, isProven } of inside) {
      if (!isProven) return { ...answers, inARow: 0, problem: `${server}: ${answers.problem ?? 'nobody answered'}` };
    }
    const outside = await this.#options.server(first).askOutside(question, signal);
    if (outside.isReached) return outside.answers;
    const outsideProblem = outside.answers.problem ?? 'nobody answered';
    return { revision: question.revision, inARow: question.times, problem: null, outsideProblem };
  }

  /** Beside this machine's routes alone: the journal is on this machine too. */
  async keepJournalHeads(heads: ProxyStatus['journalHeads']): Promise<void> {
    await this.#options.local.keepJournalHeads(heads);
  }

  /** `needed`: the machines of the newest revision. */
  async #place(environment: RoutedEnvironment) {
    const revisions = environment.revisions.map(({ revision }) => revision);
    const named = await this.#options.serversOf(environment, revisions);
    const needed = await this.#options.serversOf(environment, revisions.slice(-1));
    return { environment, servers: [...new Set([...named, ...serversIn(environment)])], needed };
  }

  /** What is said now of these environments comes after all that was said before. */
  async #begin(server: string, scopes: readonly Scope[]): Promise<void> {
    while (this.#catchingUp.has(server)) await this.#catchingUp.get(server);
    this.#missed.forget(server, scopes);
  }

  /** One that is away gets it when it is back. */
  async #publishLate(server: string, own: readonly RoutedEnvironment[], others: readonly Scope[]): Promise<void> {
    await this.#publishTo(server, own, others).catch((error: unknown) => {
      if (!isAway(error)) throw error;
      this.#missed.add(server, own, others);
    });
  }

  /** Answers that it is back are not held up by what it has missed; what it is to be told next is. */
  #catchUp(server: string): void {
    if (this.#catchingUp.has(server)) return;
    const missed = this.#missed.take(server);
    if (missed === null) return;
    const { routed, left } = missed;
    const told = this.#publishLate(server, routed, left)
      .catch(() => this.#missed.add(server, routed, left))
      .finally(() => this.#catchingUp.delete(server));
    this.#catchingUp.set(server, told);
  }

  async #publishTo(server: string, own: readonly RoutedEnvironment[], others: readonly Scope[]): Promise<void> {
    try {
      if (own.length > 0) {
        this.#absent.refuseDeaf(server);
        await inTime(this.#tell(server, own), server, patienceMs.publish);
        this.#absent.heard(server);
      }
      const left = await this.#forgetOthers(server, others);
      if (own.length > 0 || left) await this.#keep(server);
    } catch (error) {
      this.#absent.note(error, server, true);
      throw ofServer(error, server);
    }
  }

  /** Once its router has it, being late does no harm: what that is told next comes after it. */
  async #tell(server: string, own: readonly RoutedEnvironment[]): Promise<void> {
    const startedAt = performance.now();
    const parts = await Promise.all(own.map((each) => this.#partOf(each, server)));
    if (performance.now() - startedAt > patienceMs.publish) return;
    await this.#options.server(server).publish(parts);
  }

  /** What has moved away from a server that cannot be reached stays there until it can be. */
  async #forgetOthers(server: string, others: readonly Scope[]): Promise<boolean> {
    const known = await this.#inForce(server);
    const left = others.filter((scope) => known.some((each) => isSame(each, scope)));
    for (const scope of left) {
      const told = this.#options.server(server).withdraw(scope);
      await inTime(told, server, patienceMs.publish).catch((error: unknown) => {
        if (!isAway(error)) throw error;
        this.#missed.add(server, [], [scope]);
      });
    }
    return left.length > 0;
  }

  async #partOf(environment: RoutedEnvironment, server: string): Promise<RoutedEnvironment> {
    const hasDoor = environment.revisions.some(({ inner }) => inner !== undefined);
    return partOf(environment, server, hasDoor ? await this.#options.innerNetwork(server, environment) : null);
  }

  /** Certificates and ports, without any change of routes. A server that is away gets them when it is back. */
  async #publishDoors(): Promise<void> {
    const tasks = this.#options.all().map(async (server) => {
      await this.#publishDoorsTo(server).catch((error: unknown) => {
        if (!isAway(error)) throw ofServer(error, server);
        this.#untold.add(server);
      });
    });
    await all([...tasks, this.#options.local.publish([])]);
  }

  async #publishDoorsTo(server: string): Promise<void> {
    await this.#options.server(server).publish([]);
  }

  async #inForce(server: string): Promise<readonly RoutedEnvironment[]> {
    try {
      return await this.#read(server, (router) => router.environments());
    } catch (error) {
      if (!isAway(error)) throw error;
      return await this.#kept.read(server);
    }
  }

  async #keep(server: string): Promise<void> {
    await this.#kept.write(server, await this.#options.server(server).environments());
  }

  /**
   * A server that has never been heard, and on which two releases share the traffic, cannot be left out: when it is back,
   * all that it has counted would count as new.
   */
  async #countersOf(server: string): Promise<readonly EpochCounters[]> {
    try {
      const counters = await this.#read(server, (router) => router.counters());
      this.#counters.set(server, counters);
      return counters;
    } catch (error) {
      if (!isAway(error)) throw error;
      const known = this.#counters.get(server);
      if (known !== undefined) return known;
      if ((await this.#kept.read(server)).some(({ shares }) => shares.length > 1)) throw ofServer(error, server);
      return [];
    }
  }

  /** Many ask all the time: one that does not answer is not waited for by each of them. */
  async #read<What>(server: string, ask: (router: ServerRouter) => Promise<What>): Promise<What> {
    this.#absent.refuse(server);
    try {
      const what = await inTime(ask(this.#options.server(server)), server, patienceMs.look);
      this.#absent.heard(server);
      this.#catchUp(server);
      return what;
    } catch (error) {
      this.#absent.note(error, server, false);
      throw error;
    }
  }

  async #askAll<What>(ask: (server: string) => Promise<What>): Promise<readonly OfServer<What>[]> {
    return await Promise.all(this.#options.all().map(async (server) => ({ server, what: await ask(server) })));
  }
}

/** Of a proxy that nobody has heard. */
const nothing = {
  ...{ fence: 0, confirmed: false, workers: [], drainingWorkers: 0, heldRequests: 0 },
  ...{ addresses: [], overrides: [] },
} as const satisfies Partial<ProxyStatus>;

async function forget(router: TrafficRouter, scopes: readonly Scope[]): Promise<void> {
  if (scopes.length === 0) return;
  const known = await router.environments();
  for (const scope of scopes) if (known.some((each) => isSame(each, scope))) await router.withdraw(scope);
}

/** All of them go on to their end; then the first failure is thrown. */
async function all(tasks: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(tasks);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
