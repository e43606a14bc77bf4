import { LotseError, toLotseError } from '../../../core/errors.ts';
import type { Scope } from '../../../core/ids.ts';
import { chainOf } from '../../../core/ids.ts';
import type { InnerNetwork } from '../../../core/routing-document.ts';
import type { ObservedJob } from '../../../rollout/facts.ts';
import { mergeLogs } from '../merge-logs.ts';
import type { EntryOrder, OneOffOrder, Session } from '../session.ts';
import type {
  EnterableTarget,
  JobOrder,
  LogLine,
  LogQuery,
  NetworkedTarget,
  Room,
  ServiceOrder,
  Target,
  TargetPlace,
  TargetSlot,
  TargetTraits,
} from '../targets.ts';
import { shareOf } from './share-of.ts';

/** The target of one machine, by its name in `servers:`. */
export interface ServerTarget {
  readonly name: string;
  readonly target: Target | NetworkedTarget | EnterableTarget;
  /** Ends the way there, after the target. */
  readonly close?: () => Promise<void>;
}

/** Targets of machines by name, and those that were needed so far. */
export interface ServerTargets {
  /** Errors: `bad-input` (no such machine can be), `unreachable`. */
  of(name: string): Promise<ServerTarget>;
  readonly opened: readonly ServerTarget[];
}

/**
 * Several machines as one target. An order names its machines: of S of them, slot i runs on number i mod S, under its own
 * number, so that nothing has to be mapped back; jobs run on the first. A machine that is away is an error of what is
 * ordered there and of nothing else; its slots are told as they were last seen.
 */
export class SpreadTarget implements NetworkedTarget, EnterableTarget {
  readonly #servers: ServerTargets;

  constructor(servers: ServerTargets) {
    this.#servers = servers;
  }

  get traits(): TargetTraits {
    const opened = this.#servers.opened.map(({ target }) => target.traits);
    const own = { instances: 'lotse', scaling: 'lotse', traffic: 'lotse', addresses: 'per-slot' } as const;
    return { name: opened[0]?.name ?? 'docker', ...own, notes: opened.flatMap(({ notes }) => notes) };
  }

  /** All machines are told, also when one of them fails: a level that the others keep need not wait for it. */
  async ensure(order: ServiceOrder): Promise<void> {
    const names = serversOf(order);
    await together(
      names.map(async (name, index) => {
        const { target } = await this.#open(name);
        const avoid = order.avoid.filter(({ server }) => server === name);
        await naming(name, target.ensure({ ...order, avoid, share: shareOf(index, names.length) }));
      }),
    );
  }

  async observe(scope: Scope): Promise<readonly TargetSlot[]> {
    const seen = this.#servers.opened.map(async ({ name, target }) => {
      const slots = await naming(name, target.observe(scope));
      return slots.map((slot) => ({ ...slot, server: name, address: placed(slot.address, name) }));
    });
    return (await Promise.all(seen)).flat();
  }

  async startJob(order: JobOrder): Promise<void> {
    const { name, target } = await this.#open(serversOf(order)[0] ?? '');
    await naming(name, target.startJob(order));
  }

  async observeJob(key: string): Promise<ObservedJob | null> {
    for (const { name, target } of this.#servers.opened) {
      const job = await naming(name, target.observeJob(key));
      if (job !== null) return job;
    }
    return null;
  }

  async cancelJob(key: string): Promise<void> {
    await together(this.#servers.opened.map(({ name, target }) => naming(name, target.cancelJob(key))));
  }

  async enter(order: EntryOrder): Promise<Session> {
    const { server } = order;
    if (server === undefined)
      throw new LotseError('not-found', `${order.service}.${order.slot} is on no other machine`);
    const { target } = await this.#open(server);
    if ('enter' in target) return await naming(server, target.enter(order));
    throw new LotseError('not-built-yet', `Nobody can enter what runs on ${server} yet`);
  }

  async runOnce(order: OneOffOrder): Promise<Session> {
    const { name, target } = await this.#open(serversOf(order)[0] ?? '');
    if ('runOnce' in target) return await naming(name, target.runOnce(order));
    throw new LotseError('not-built-yet', `Nobody can run a program by hand on ${name} yet`);
  }

  logs(query: LogQuery, signal: AbortSignal): AsyncIterable<LogLine> {
    const logs = this.#servers.opened.map(({ target }) => target.logs(query, signal));
    return mergeLogs(logs, query);
  }

  /** What fits on the one with the least room fits on each of them; null when one of them cannot say. */
  async room(place: TargetPlace): Promise<Room | null> {
    const asked = serversOf(place).map(async (name) => {
      const { target } = await this.#open(name);
      return await naming(name, target.room(place));
    });
    return leastRoom(await Promise.all(asked));
  }

  /** Of the first one; each has a network of its own (`innerNetworkOn`). */
  async innerNetwork(place: TargetPlace): Promise<InnerNetwork | null> {
    return await this.innerNetworkOn(serversOf(place)[0] ?? '', place);
  }

  /** Errors: as of `innerNetwork`. */
  async innerNetworkOn(server: string, place: TargetPlace): Promise<InnerNetwork | null> {
    const { target } = await this.#open(server);
    return 'innerNetwork' in target ? await naming(server, target.innerNetwork(place)) : null;
  }

  async close(): Promise<void> {
    await together(
      this.#servers.opened.map(async ({ target, close }) => {
        await target.close();
        await close?.();
      }),
    );
  }

  async #open(name: string): Promise<ServerTarget> {
    return await naming(name, this.#servers.of(name));
  }
}

/** Two machines may give the same address to their containers. */
function placed(address: TargetSlot['address'], server: string): TargetSlot['address'] {
  return address === null ? null : { ...address, server };
}

type Placed = ServiceOrder | JobOrder | OneOffOrder | TargetPlace;

function serversOf({ app, environment, servers = [] }: Placed): readonly string[] {
  if (servers.length > 0) return servers;
  throw new LotseError('internal', `no machines are named for ${chainOf({ app, environment })}`);
}

/** Waits for all, and fails as the first that failed. */
async function together(work: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** An error says which machine it is of. */
async function naming<T>(server: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    const error = toLotseError(thrown);
    if (error.message.includes(server)) throw error;
    const { code, message, hint, retriable, details } = error;
    throw new LotseError(code, `${server}: ${message}`, {
      ...(hint === undefined ? {} : { hint }),
      ...{ retriable, details, cause: error },
    });
  }
}

function leastRoom(rooms: readonly (Room | null)[]): Room | null {
  const known = rooms.filter((room) => room !== null);
  const [first] = known;
  if (first === undefined || known.length < rooms.length) return null;
  const least = known.reduce((one, other) => (other.diskFreeBytes < one.diskFreeBytes ? other : one), first);
  return {
    memoryFreeBytes: known.length * Math.min(...known.map(({ memoryFreeBytes }) => memoryFreeBytes)),
    memoryTotalBytes: known.reduce((sum, { memoryTotalBytes }) => sum + memoryTotalBytes, 0),
    diskFreeBytes: least.diskFreeBytes,
    diskFolder: least.diskFolder,
    cores: known.reduce((sum, { cores }) => sum + cores, 0),
  };
}
