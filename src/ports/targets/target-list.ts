import { LotseError, toLotseError } from '../../core/errors.ts';
import type { Scope } from '../../core/ids.ts';
import type { InnerNetwork } from '../../core/routing-document.ts';
import type { ObservedJob } from '../../rollout/facts.ts';
import { mergeLogs } from './merge-logs.ts';
import type { EntryOrder, OneOffOrder, Session } from './session.ts';
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
} from './targets.ts';

/** Targets by what orders say of where they belong, and those that were needed so far. */
interface Targets {
  of(place: Pick<TargetPlace, 'target' | 'servers'>): Promise<Target | NetworkedTarget | EnterableTarget>;
  readonly opened: readonly (Target | EnterableTarget)[];
}

/** All targets of this machine and others as one: an order says where it belongs, and what runs is whatever any of them has. */
export class TargetList implements NetworkedTarget, EnterableTarget {
  readonly #own: Target;
  readonly #targets: Targets;

  /** `own`: that of the machine itself, which is always there; `targets` has it too. */
  constructor(own: Target, targets: Targets) {
    this.#own = own;
    this.#targets = targets;
  }

  get traits(): TargetTraits {
    return { ...this.#own.traits, notes: this.#targets.opened.flatMap(({ traits }) => traits.notes) };
  }

  async ensure(order: ServiceOrder): Promise<void> {
    await (await this.#targets.of(order)).ensure(order);
  }

  async observe(scope: Scope): Promise<readonly TargetSlot[]> {
    return (await Promise.all(this.#targets.opened.map((target) => target.observe(scope)))).flat();
  }

  async startJob(order: JobOrder): Promise<void> {
    await (await this.#targets.of(order)).startJob(order);
  }

  async observeJob(key: string): Promise<ObservedJob | null> {
    for (const target of this.#targets.opened) {
      const job = await target.observeJob(key);
      if (job !== null) return job;
    }
    return null;
  }

  async cancelJob(key: string): Promise<void> {
    await Promise.all(this.#targets.opened.map((target) => target.cancelJob(key)));
  }

  /** It is on the one that knows it. */
  async enter(order: EntryOrder): Promise<Session> {
    for (const target of this.#targets.opened) {
      if (!('enter' in target)) continue;
      const session = await target.enter(order).catch((error: unknown) => {
        if (toLotseError(error).code === 'not-found') return null;
        throw error;
      });
      if (session !== null) return session;
    }
    throw new LotseError('not-found', `${order.service}.${order.slot} does not run now`);
  }

  async runOnce(order: OneOffOrder): Promise<Session> {
    const target = await this.#targets.of(order);
    if ('runOnce' in target) return await target.runOnce(order);
    throw new LotseError('not-built-yet', `Nobody can run a program by hand on ${target.traits.name} yet`);
  }

  logs(query: LogQuery, signal: AbortSignal): AsyncIterable<LogLine> {
    const logs = this.#targets.opened.map((target) => target.logs(query, signal));
    return mergeLogs(logs, query);
  }

  async room(place: TargetPlace): Promise<Room | null> {
    return await (await this.#targets.of(place)).room(place);
  }

  async innerNetwork(place: TargetPlace): Promise<InnerNetwork | null> {
    const target = await this.#targets.of(place);
    return 'innerNetwork' in target ? await target.innerNetwork(place) : null;
  }

  async close(): Promise<void> {
    await Promise.all(this.#targets.opened.map((target) => target.close()));
  }
}
