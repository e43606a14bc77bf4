import type { Scope } from '../../core/ids.ts';
import type { InnerNetwork } from '../../core/routing-document.ts';
import type { ObservedJob } from '../../rollout/facts.ts';
import type { EntryOrder, OneOffOrder, Session } from './session.ts';
import type {
  EnterableTarget,
  JobOrder,
  LogLine,
  LogQuery,
  NetworkedTarget,
  Room,
  ServiceOrder,
  TargetPlace,
  TargetSlot,
  TargetTraits,
} from './targets.ts';

/**
 * A target whose words are seen through `hide` before anybody stores or shows them: log lines, last words, notes. What
 * programs write goes straight to files that only the target's own user can read; there it stays as it is.
 */
export class QuietTarget implements NetworkedTarget, EnterableTarget {
  readonly #target: NetworkedTarget & EnterableTarget;
  readonly #hide: (text: string) => string;

  constructor(target: NetworkedTarget & EnterableTarget, hide: (text: string) => string) {
    this.#target = target;
    this.#hide = hide;
  }

  get traits(): TargetTraits {
    return this.#target.traits;
  }

  async observe(scope: Scope): Promise<readonly TargetSlot[]> {
    const slots = await this.#target.observe(scope);
    return slots.map((slot) => ({
      ...slot,
      note: slot.note === null ? null : this.#hide(slot.note),
      logTail: slot.logTail.map(this.#hide),
    }));
  }

  async observeJob(key: string): Promise<ObservedJob | null> {
    const job = await this.#target.observeJob(key);
    return job === null ? null : { ...job, logTail: job.logTail.map(this.#hide) };
  }

  async *logs(query: LogQuery, signal: AbortSignal): AsyncGenerator<LogLine> {
    for await (const line of this.#target.logs(query, signal)) yield { ...line, text: this.#hide(line.text) };
  }

  ensure(order: ServiceOrder): Promise<void> {
    return this.#target.ensure(order);
  }

  startJob(order: JobOrder): Promise<void> {
    return this.#target.startJob(order);
  }

  cancelJob(key: string): Promise<void> {
    return this.#target.cancelJob(key);
  }

  /** Somebody sits there and may see it; nobody keeps it. */
  enter(order: EntryOrder): Promise<Session> {
    return this.#target.enter(order);
  }

  runOnce(order: OneOffOrder): Promise<Session> {
    return this.#target.runOnce(order);
  }

  room(place: TargetPlace): Promise<Room | null> {
    return this.#target.room(place);
  }

  innerNetwork(place: TargetPlace): Promise<InnerNetwork | null> {
    return this.#target.innerNetwork(place);
  }

  close(): Promise<void> {
    return this.#target.close();
  }
}
