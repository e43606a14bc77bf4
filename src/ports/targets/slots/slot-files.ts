import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServiceOrder } from '../targets.ts';
import type { AttemptPlace } from './attempt-place.ts';
import type { SlotRecord } from './parse-records.ts';
import { parseSlotRecord } from './parse-records.ts';
import { attemptsIn, lastTexts } from './read-logs.ts';
import type { SlotMachine } from './slot-machine.ts';
import { StateFile, makeFolder, readText } from './state-files.ts';

const lastWordsLines = 20;

/** One place for one copy of a service revision, on the disk. */
export class SlotFiles {
  readonly number: number;
  readonly folder: string;
  readonly scratch: string;
  /** Beside the scratch folders: all copies of a service have the same claim. */
  readonly claimFile: string;
  readonly #machine: SlotMachine;
  readonly #record: StateFile;
  readonly #words: readonly (string | number)[];

  constructor(machine: SlotMachine, order: ServiceOrder, slot: number) {
    const { revision, definition } = order;
    this.number = slot;
    this.#machine = machine;
    this.folder = join(machine.settings.folders.service(order, revision, definition.service), String(slot));
    const run = machine.settings.folders.runOfService(order, revision, definition.service);
    this.scratch = join(run, String(slot));
    this.claimFile = join(run, 'claim');
    this.#record = new StateFile(join(this.folder, 'record.json'));
    this.#words = [order.app, order.environment, revision, definition.service, slot];
  }

  place(attempt: number): AttemptPlace {
    return { folder: this.folder, attempt, marker: this.#machine.settings.folders.marker(...this.#words, attempt) };
  }

  attemptFolder(attempt: number): string {
    return join(this.folder, 'attempts', String(attempt));
  }

  /** The record as it was kept; a fresh one for a slot that never was, or was stopped since. */
  async readRecord(): Promise<SlotRecord> {
    const text = await readText(join(this.folder, 'record.json'));
    const kept = text === null ? null : parseSlotRecord(text);
    if (kept !== null && !kept.stopped) return kept;
    const attempt = kept?.attempt ?? 0;
    return {
      attempt,
      accounted: attempt,
      unexpectedExits: 0,
      exitsAt: [],
      everReady: false,
      port: null,
      gaveUp: null,
      stopBy: null,
      stopped: false,
      note: null,
      bootId: this.#machine.settings.bootId,
    };
  }

  async writeRecord(record: SlotRecord): Promise<void> {
    await makeFolder(this.folder, 0o700);
    await this.#record.write(`${JSON.stringify(record)}\n`);
  }

  /** The last lines that an attempt has written, oldest first; none when they are no longer kept. */
  async lastWords(attempt: number): Promise<readonly string[]> {
    return await lastTexts(this.#machine.settings.logFormat, this.attemptFolder(attempt), lastWordsLines);
  }

  /** Output of old attempts goes; that of the latest ones is kept, also of those that never started well. */
  async dropOldAttempts(): Promise<void> {
    const attempts = await attemptsIn(this.folder);
    for (const attempt of attempts.slice(0, -this.#machine.settings.attemptsKept)) {
      await rm(this.attemptFolder(attempt), { recursive: true, force: true });
    }
  }
}
