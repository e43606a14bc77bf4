import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServiceOrder } from '../targets.ts';
import type { AttemptPlace } from './attempt.ts';
import type { Machine } from './machine.ts';
import type { SlotRecord } from './parse-records.ts';
import { parseSlotRecord } from './parse-records.ts';
import { attemptsIn } from './read-logs.ts';
import { StateFile, makeFolder, readText, writeAtomically } from './state-files.ts';

/** One place for one copy of a service revision, on the disk. */
export class SlotFiles {
  readonly folder: string;
  readonly scratch: string;
  /** Beside the scratch folders: all copies of a service have the same claim. */
  readonly claimFile: string;
  readonly #machine: Machine;
  readonly #record: StateFile;
  readonly #words: readonly (string | number)[];

  constructor(machine: Machine, order: ServiceOrder, slot: number) {
    const { revision, definition } = order;
    this.#machine = machine;
    this.folder = join(machine.folders.service(order, revision, definition.service), String(slot));
    const run = machine.folders.runOfService(order, revision, definition.service);
    this.scratch = join(run, String(slot));
    this.claimFile = join(run, 'claim');
    this.#record = new StateFile(join(this.folder, 'record.json'));
    this.#words = [order.app, order.environment, revision, definition.service, slot];
  }

  place(attempt: number): AttemptPlace {
    return { folder: this.folder, attempt, marker: this.#machine.folders.marker(...this.#words, attempt) };
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
      bootId: this.#machine.host.bootId,
    };
  }

  async writeRecord(record: SlotRecord): Promise<void> {
    await makeFolder(this.folder, 0o700);
    await this.#record.write(`${JSON.stringify(record)}\n`);
  }

  /** A launcher that a dead control plane left on its way starts nothing after this. */
  async forbidStart(): Promise<void> {
    await writeAtomically(join(this.folder, 'wanted'), 'none\n');
  }

  /** Output of old attempts goes; that of the latest ones is kept, also of those that never started well. */
  async dropOldAttempts(): Promise<void> {
    const attempts = await attemptsIn(this.folder);
    for (const attempt of attempts.slice(0, -this.#machine.logLimits.attempts)) {
      await rm(this.attemptFolder(attempt), { recursive: true, force: true });
    }
  }
}
