import { rm } from 'node:fs/promises';
import { LotseError, sayError, toLotseError } from '../../../core/errors.ts';
import type { EntryOrder, Session } from '../session.ts';
import type { ServiceOrder, TargetSlot } from '../targets.ts';
import type { Address } from '../../../core/routing-document.ts';
import type { Health } from './health.ts';
import type { End, Instance, RunState } from './instance.ts';
import type { SlotRecord } from './parse-records.ts';
import { addressOf } from './parse-records.ts';
import { pause, untilAborted } from './pause.ts';
import type { AfterExit } from './restart-policy.ts';
import { afterExit, recentExits } from './restart-policy.ts';
import { SlotFiles } from './slot-files.ts';
import type { SlotMachine } from './slot-machine.ts';
import { WriteWatch } from './write-watch.ts';

const nothingYet: Health = { state: 'starting', address: null, fixedPort: null, note: null };
/** A restart that liveness asked for does not wait for a whole drain: the instance does not answer any more. */
const sickGraceMs = 5000;
const startRetryMs = 1000;
const atOnce: AfterExit = { kind: 'restart', afterMs: 0 };
const recordRetryMs = 5000;

/** Keeps one slot filled: adopts or starts, watches, counts exits, starts again, and stops when it is told to. */
export class Slot {
  readonly number: number;
  readonly #machine: SlotMachine;
  readonly #order: () => ServiceOrder;
  readonly #files: SlotFiles;
  readonly #halt = new AbortController();
  readonly #signal: AbortSignal;
  readonly #seen = Promise.withResolvers<void>();
  #record: SlotRecord;
  #phase: 'starting' | 'running' | 'restarting' | 'gave-up' | 'stopping' = 'starting';
  #health = nothingYet;
  #note: string | null;
  #instance: Instance | null = null;
  #writes: WriteWatch | null = null;
  #life: Promise<void> = Promise.resolve();

  constructor(machine: SlotMachine, order: () => ServiceOrder, slot: number, record: SlotRecord) {
    this.number = slot;
    this.#machine = machine;
    this.#order = order;
    this.#files = new SlotFiles(machine, order(), slot);
    this.#record = record;
    this.#note = record.note;
    this.#signal = AbortSignal.any([machine.settings.closing, this.#halt.signal]);
    if (record.gaveUp !== null) this.#phase = 'gave-up';
    if (record.stopBy !== null) this.#phase = 'stopping';
  }

  /** Begins to keep the slot. Resolves when an adopted instance was probed once, or a start is under way. */
  async open(): Promise<void> {
    this.#life = this.#persist();
    await Promise.race([this.#seen.promise, this.#life, pause(1000, this.#signal)]);
  }

  /** It was on its way out when an earlier control plane ended: that is finished first. */
  get mustStop(): boolean {
    return this.#record.stopBy !== null;
  }

  /** Its stop has begun. */
  get isEnding(): boolean {
    return this.#halt.signal.aborted;
  }

  /** True while it is not free for another instance yet. */
  get isStopping(): boolean {
    return this.mustStop || this.isEnding;
  }

  /** Takes back a slot that never began. */
  async abandon(): Promise<void> {
    this.#giveAddressBack();
    await this.#keep({ stopped: true, port: null }).catch(() => undefined);
  }

  /** Drains and ends it; true when nothing is left, false when the target was closed meanwhile. */
  async stop(): Promise<boolean> {
    this.#phase = 'stopping';
    this.#halt.abort();
    await this.#life;
    const { drainMs } = this.#order().definition;
    const stopBy = this.#record.stopBy ?? this.#machine.settings.now() + drainMs;
    if (this.#record.stopBy === null) await this.#keep({ stopBy });
    await this.#machine.forbidStart(this.#files);
    const graceMs = Math.max(0, Math.min(drainMs, stopBy - this.#machine.settings.now()));
    const instance = await this.#current();
    if (!(await this.#endForStop(instance, graceMs))) return false;
    await instance.forget();
    await rm(this.#files.scratch, { recursive: true, force: true });
    this.#giveAddressBack();
    await this.#keep({ stopped: true, port: null, stopBy: null, note: null });
    return true;
  }

  /** A platform that cannot be asked takes nothing of the drain: it begins when the instance can be told. */
  async #endForStop(instance: Instance, graceMs: number): Promise<boolean> {
    const { closing, now } = this.#machine.settings;
    try {
      return await instance.end(graceMs, closing);
    } catch (error) {
      this.#note = `It cannot be stopped for now: ${sayError(error)}`;
      await this.#keep({ stopBy: now() + this.#order().definition.drainMs });
      throw error;
    }
  }

  /** Errors: `conflict` when nothing runs here. */
  async enter(order: EntryOrder): Promise<Session> {
    const instance = this.#instance;
    if (this.#phase === 'running' && instance !== null) return await instance.enter(order, addressOf(this.#record));
    throw new LotseError(
      'conflict',
      `${order.service}.${order.slot} does not run`,
      this.#note === null ? {} : { hint: this.#note },
    );
  }

  /** Resolves when nothing waits here any more, after the target was told to close. */
  async settled(): Promise<void> {
    await this.#life;
  }

  async view(): Promise<TargetSlot> {
    const { revision, definition } = this.#order();
    const instance = this.#instance;
    const state = this.#phase === 'running' ? this.#health.state : this.#phase;
    return {
      revision,
      service: definition.service,
      slot: this.number,
      attempt: this.#record.attempt,
      state,
      unexpectedExits: this.#record.unexpectedExits,
      note: this.#health.note ?? (state === 'ready' ? null : this.#note),
      logTail: await this.#lastWords(state),
      address: this.#health.address,
      fixedPort: this.#health.fixedPort,
      pid: this.#phase === 'restarting' || this.#phase === 'gave-up' ? null : (instance?.run?.pid ?? null),
      startedAt: instance?.run?.startedAt ?? null,
      memoryBytes: (await instance?.memoryBytes()) ?? null,
      writesBesideCode: this.#writes?.files ?? [],
    };
  }

  /** Those of the attempt that runs or has ended; while it has said nothing or is ready, of the one that failed before it. */
  async #lastWords(state: TargetSlot['state']): Promise<readonly string[]> {
    const own = state === 'ready' ? [] : await this.#ownWords();
    const { accounted, unexpectedExits } = this.#record;
    return own.length > 0 || unexpectedExits === 0 ? own : await this.#files.lastWords(accounted);
  }

  async #ownWords(): Promise<readonly string[]> {
    return this.#instance === null ? [] : await this.#files.lastWords(this.#instance.attempt);
  }

  /** A record that cannot be written (a full disk) touches no instance: it is tried again until it can. */
  async #persist(): Promise<void> {
    let retryMs = recordRetryMs;
    do {
      try {
        return await this.#live();
      } catch (error) {
        this.#note = `Lotse cannot keep this slot for now: ${sayError(error)}`;
        this.#seen.resolve();
        retryMs = toLotseError(error).code === 'unreachable' ? startRetryMs : recordRetryMs;
      }
    } while (await pause(retryMs, this.#signal));
  }

  async #live(): Promise<void> {
    await this.#forgiveAfterReboot();
    if (this.#phase === 'gave-up') this.#instance = await this.#current();
    while (!this.#signal.aborted) {
      if (this.#phase === 'gave-up' && !(await this.#restAfterGivingUp())) return;
      const instance = await this.#current();
      this.#instance = instance;
      const state = await instance.look();
      if (state.kind === 'unstarted' && !(await this.#start(instance))) continue;
      await this.#attend(instance, state);
    }
  }

  /** Until it has ended, or the platform can be asked again, or the slot is let go. */
  async #attend(instance: Instance, state: RunState): Promise<void> {
    const why = state.kind === 'ended' ? null : await this.#watch(instance, state);
    if (this.#signal.aborted) return;
    if (state.kind !== 'unknown' || why !== null) await this.#afterEnd(instance, why);
  }

  /** What made it fail may pass (a database that was away): one more attempt, now and then. False: the slot was let go. */
  async #restAfterGivingUp(): Promise<boolean> {
    if (!(await pause(this.#machine.settings.policy.afterGivingUpMs, this.#signal))) return false;
    this.#phase = 'restarting';
    await this.#keep({ gaveUp: null });
    return true;
  }

  /** The attempt that is not accounted for yet: it runs, has ended unseen, or was never started. */
  async #current(): Promise<Instance> {
    const open = this.#record.accounted < this.#record.attempt || this.#record.gaveUp !== null;
    if (!open && this.#phase !== 'stopping') await this.#keep({ attempt: this.#record.attempt + 1 });
    if (this.#instance?.attempt === this.#record.attempt) return this.#instance;
    const instance = await this.#machine.openInstance(this.#files, this.#order(), this.#record.attempt);
    if (this.#record.attempt > 0) await instance.look();
    return instance;
  }

  /** Processes of another boot are gone, and so are their faults; the order is not. */
  async #forgiveAfterReboot(): Promise<void> {
    const { bootId } = this.#machine.settings;
    if (this.#record.bootId === bootId) return;
    this.#phase = 'starting';
    this.#note = null;
    await this.#keep({ bootId, accounted: this.#record.attempt, exitsAt: [], gaveUp: null, note: null });
  }

  /** False: it did not start, nothing of it ran, and the same attempt is tried again. Nothing is counted. */
  async #start(instance: Instance): Promise<boolean> {
    this.#phase = this.#phase === 'restarting' ? 'restarting' : 'starting';
    const failure = await this.#tryStart(instance);
    if (failure === null) return true;
    this.#note = failure;
    this.#seen.resolve();
    await pause(startRetryMs, this.#signal);
    return false;
  }

  async #tryStart(instance: Instance): Promise<string | null> {
    try {
      await this.#files.dropOldAttempts();
      const result = await instance.start(await this.#freeAddress());
      if (result.kind === 'locked') return 'Another launcher holds this slot.';
      return result.kind === 'failed' ? `It could not start: ${result.why}.` : null;
    } catch (error) {
      return sayError(error);
    }
  }

  /** A slot keeps its address over all attempts, unless somebody else has it by now. */
  async #freeAddress(): Promise<Address | null> {
    const address = addressOf(this.#record);
    const { addresses } = this.#machine.settings;
    if (address === null || (await addresses.isFree(address, this.#order()))) return address;
    const other = await addresses.take(this.#order());
    addresses.giveBack(address);
    await this.#keep(other);
    return other;
  }

  #giveAddressBack(): void {
    const address = addressOf(this.#record);
    if (address !== null) this.#machine.settings.addresses.giveBack(address);
  }

  /** Resolves with a reason when liveness failed, with null when it has ended by itself (or the signal came). */
  async #watch(instance: Instance, state: RunState): Promise<string | null> {
    const watching = new AbortController();
    const signal = AbortSignal.any([this.#signal, watching.signal]);
    const halted = untilAborted(this.#signal);
    this.#phase = 'running';
    if (state.kind === 'unknown') this.#report({ ...this.#health, note: state.why });
    const folder = await this.#machine.codeFolder(this.#order());
    const writes = folder === null ? null : new WriteWatch(folder);
    this.#writes = writes;
    const logs = instance.tendLogs((text) => writes?.read(text), signal).catch(() => undefined);
    const ended = instance.ended(signal).then(() => null);
    // An answer that comes after the end tells of nobody.
    const report = (health: Health): void => {
      if (!signal.aborted) this.#report(health);
    };
    const sick = instance.sick(addressOf(this.#record), report, signal);
    const why = await Promise.race([ended, sick, halted.done]);
    watching.abort();
    halted.stop();
    await logs;
    return why;
  }

  #report(health: Health): void {
    const first = health.state === 'starting' && health.note === null;
    if (first && this.#health.state !== 'starting') return; // Watched anew; it is what it was until its first answer.
    this.#health = health;
    if (!first) this.#seen.resolve();
    if (health.state !== 'ready' || this.#record.everReady) return;
    // Lost at worst when the power fails right now: then a later exit is judged a little more strictly.
    this.#keep({ everReady: true }).catch(() => undefined);
  }

  /** Nobody ordered this end: what it left behind is ended, it is counted, and the next attempt waits or is given up. */
  async #afterEnd(instance: Instance, sick: string | null): Promise<void> {
    this.#health = nothingYet;
    this.#phase = 'restarting';
    if (!(await instance.end(sick === null ? 0 : sickGraceMs, this.#signal))) return;
    const end: End =
      sick === null ? await instance.describeEnd() : { how: `was restarted: ${sick}`, byPlatform: false };
    await instance.forget();
    const now = this.#machine.settings.now();
    const before = recentExits(this.#machine.settings.policy, this.#record.exitsAt, now);
    const exitsAt = end.byPlatform ? before : [...before, now];
    const { everReady } = this.#record;
    const next = end.byPlatform ? atOnce : afterExit(this.#machine.settings.policy, { everReady, exitsAt }, now);
    const attempt = `Attempt ${instance.attempt} ${end.how}`;
    this.#note = next.kind === 'gave-up' ? `${attempt}. Given up: ${next.why}.` : `${attempt}.`;
    await this.#keep({
      accounted: instance.attempt,
      unexpectedExits: this.#record.unexpectedExits + (end.byPlatform ? 0 : 1),
      exitsAt,
      gaveUp: next.kind === 'gave-up' ? next.why : null,
      note: this.#note,
    });
    this.#seen.resolve();
    if (next.kind === 'gave-up') this.#phase = 'gave-up';
    else await pause(next.afterMs, this.#signal);
  }

  async #keep(change: Partial<SlotRecord>): Promise<void> {
    this.#record = { ...this.#record, ...change };
    await this.#files.writeRecord(this.#record);
  }
}
