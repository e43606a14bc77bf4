import { join } from 'node:path';
import { LotseError } from '../../../core/errors.ts';
import type { EntryOrder, Session } from '../session.ts';
import type { ServiceOrder, TargetSlot } from '../targets.ts';
import { ownSlots, wantsSlot } from './own-slots.ts';
import type { SlotRecord } from './parse-records.ts';
import { addressOf, formatOrder, parseServiceOrder } from './parse-records.ts';
import { pause } from './pause.ts';
import { Slot } from './slot.ts';
import { SlotFiles } from './slot-files.ts';
import type { SlotMachine } from './slot-machine.ts';
import { makeFolder, namesIn, readText, writeAtomically, writeDurably } from './state-files.ts';

export const orderFile = 'order.json';
const retryMs = 5000;

/** One service of one revision: its kept order and the slots that fill it. */
export class KeptService {
  readonly #machine: SlotMachine;
  readonly #slots = new Map<number, Slot>();
  #order: ServiceOrder;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(machine: SlotMachine, order: ServiceOrder) {
    this.#machine = machine;
    this.#order = order;
  }

  get order(): ServiceOrder {
    return this.#order;
  }

  /** Nothing runs here, and nothing should. */
  get isIdle(): boolean {
    return this.#order.slots === 0 && this.#slots.size === 0;
  }

  /** Takes up what an earlier control plane kept; resolves when adopted instances were looked at. */
  async adopt(): Promise<void> {
    const folder = this.#folder();
    for (const name of (await namesIn(folder)).filter((entry) => /^\d+$/.test(entry))) {
      const number = Number(name);
      const record = await new SlotFiles(this.#machine, this.#order, number).readRecord();
      if (record.attempt === record.accounted && record.port === null && !wantsSlot(this.#order, number)) continue;
      const address = addressOf(record);
      if (address !== null) this.#machine.settings.addresses.claim(address);
      this.#slots.set(number, this.#makeSlot(number, record));
    }
    // Those that must stop or are stopping first: an address is free as early as can be.
    await this.#fill();
  }

  /** Replaces the order. Resolves when it is kept. Errors: `not-found`, `port-taken`, `disk-full`, `bad-input`. */
  async ensure(order: ServiceOrder): Promise<void> {
    await this.#inTurn(async () => {
      if (order.slots > 0) await this.#machine.checkService(order);
      const before = this.#order;
      this.#order = order;
      const fresh: Slot[] = [];
      try {
        for (const number of this.#missing()) fresh.push(await this.#prepare(number));
        await this.#writeClaim();
        await makeFolder(this.#folder(), 0o700);
        await writeDurably(join(this.#folder(), orderFile), formatOrder(this.#machine.settings.sealingKey, order));
      } catch (error) {
        this.#order = before;
        await this.#undo(fresh);
        throw error;
      }
      for (const slot of fresh) this.#begin(slot);
      this.#stopSurplus();
    });
  }

  async view(): Promise<readonly TargetSlot[]> {
    const slots = [...this.#slots.values()].sort((a, b) => a.number - b.number);
    return await Promise.all(slots.map((slot) => slot.view()));
  }

  /** Errors: `not-found`, `conflict`. */
  async enter(order: EntryOrder): Promise<Session> {
    const slot = this.#slots.get(order.slot);
    if (slot !== undefined) return await slot.enter(order);
    const names = [...this.#slots.keys()].toSorted((a, b) => a - b).join(', ');
    throw new LotseError('not-found', `${order.service} has no instance ${order.slot}`, {
      hint: names === '' ? 'It has none now.' : `It has ${names}.`,
    });
  }

  async settled(): Promise<void> {
    await Promise.all([this.#turn, ...[...this.#slots.values()].map((slot) => slot.settled())]);
  }

  #folder(): string {
    const { revision, definition } = this.#order;
    return this.#machine.settings.folders.service(this.#order, revision, definition.service);
  }

  #missing(): readonly number[] {
    return ownSlots(this.#order).filter((number) => !this.#slots.has(number));
  }

  async #fill(): Promise<void> {
    this.#stopSurplus();
    const ready = [...this.#slots.values()].filter((slot) => !slot.isStopping);
    for (const number of this.#missing()) {
      const slot = await this.#prepare(number).catch(() => null);
      if (slot === null) {
        void this.#refill(number);
        continue;
      }
      this.#slots.set(number, slot);
      ready.push(slot);
    }
    await Promise.all(ready.map((slot) => slot.open()));
  }

  /** A slot with an address and a record, not begun yet. */
  async #prepare(number: number): Promise<Slot> {
    const files = new SlotFiles(this.#machine, this.#order, number);
    const kept = await files.readRecord();
    const needsAddress = this.#order.definition.kind === 'web' && kept.port === null;
    const record = needsAddress ? { ...kept, ...(await this.#machine.settings.addresses.take(this.#order)) } : kept;
    try {
      await makeFolder(files.folder, 0o700);
      await files.writeRecord(record);
    } catch (error) {
      const address = addressOf(record);
      if (address !== null) this.#machine.settings.addresses.giveBack(address);
      throw error;
    }
    return this.#makeSlot(number, record);
  }

  async #undo(slots: readonly Slot[]): Promise<void> {
    for (const slot of slots) await slot.abandon();
  }

  #makeSlot(number: number, record: SlotRecord): Slot {
    return new Slot(this.#machine, () => this.#order, number, record);
  }

  #begin(slot: Slot): void {
    this.#slots.set(slot.number, slot);
    void slot.open();
  }

  #stopSurplus(): void {
    for (const slot of this.#slots.values()) {
      const isSurplus = !wantsSlot(this.#order, slot.number);
      if ((isSurplus || slot.mustStop) && !slot.isEnding) void this.#stop(slot);
    }
  }

  /** When it was ordered again meanwhile, the slot is filled anew once it is empty. */
  async #stop(slot: Slot): Promise<void> {
    for (;;) {
      try {
        if (!(await slot.stop())) return;
        break;
      } catch {
        // A record could not be written (a full disk); what runs is not touched until it can.
        if (!(await pause(retryMs, this.#machine.settings.closing))) return;
      }
    }
    await this.#inTurn(async () => this.#slots.delete(slot.number));
    await this.#refill(slot.number);
  }

  async #refill(number: number): Promise<void> {
    do {
      try {
        return await this.#inTurn(async () => {
          if (this.#missing().includes(number)) this.#begin(await this.#prepare(number));
        });
      } catch {
        // No address or no disk for it now; `observe` shows that the slot is missing.
      }
    } while (await pause(retryMs, this.#machine.settings.closing));
  }

  async #writeClaim(): Promise<void> {
    const { revision, definition, claim } = this.#order;
    if (claim === null) return;
    const folder = this.#machine.settings.folders.runOfService(this.#order, revision, definition.service);
    await makeFolder(folder, 0o711);
    const file = join(folder, 'claim');
    await writeAtomically(file, `${claim}\n`, 0o644);
    await this.#machine.spreadClaim(this.#order, file);
  }

  /** One change at a time. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return await result;
  }
}

/** The service whose order lies in the folder; null when none does. */
export async function readKeptService(machine: SlotMachine, folder: string): Promise<KeptService | null> {
  const text = await readText(join(folder, orderFile));
  return text === null ? null : new KeptService(machine, parseServiceOrder(machine.settings.sealingKey, text));
}
