import { join } from 'node:path';
import { LotseError } from '../../../core/errors.ts';
import type { JobOrder, ServiceOrder } from '../targets.ts';
import type { AttemptPlace } from '../slots/attempt-place.ts';
import type { Attempt, Instance } from '../slots/instance.ts';
import type { SlotFiles } from '../slots/slot-files.ts';
import type { SlotMachine, SlotSettings } from '../slots/slot-machine.ts';
import { writeAtomically } from '../slots/state-files.ts';
import { findWorkingFolder, prepareCommand } from './instance-command.ts';
import type { Machine } from './machine.ts';
import { ProcessAttempt } from './process-attempt.ts';
import { openProcessInstance } from './process-instance.ts';

/** Fills slots and runs jobs with processes of this machine. */
export class SlotProcesses implements SlotMachine {
  readonly settings: SlotSettings;
  readonly #machine: Machine;

  constructor(machine: Machine, settings: SlotSettings) {
    this.#machine = machine;
    this.settings = settings;
  }

  async checkService(order: ServiceOrder): Promise<void> {
    const { argv, root, service } = order.definition;
    if (argv.length === 0) throw new LotseError('bad-input', `The service ${service} has no command.`);
    await findWorkingFolder(this.#machine, order.artifact, root);
  }

  async checkJob(order: JobOrder): Promise<void> {
    if (order.argv.length === 0) throw new LotseError('bad-input', `The job ${order.key} has no command.`);
    await findWorkingFolder(this.#machine, order.artifact, order.root);
  }

  async openInstance(files: SlotFiles, order: ServiceOrder, attempt: number): Promise<Instance> {
    return await openProcessInstance(this.#machine, files, order, attempt);
  }

  async openJob(place: AttemptPlace, order: JobOrder): Promise<Attempt> {
    const machine = this.#machine;
    const controlGroup = await machine.controlGroups.open(place.marker, { memoryBytes: null, cpuCores: null });
    const scratch = machine.folders.runOfJob(order, order.key);
    const parts = { ...order, scope: order, scratch, port: null, claimFile: null, controlGroup };
    return new ProcessAttempt({ machine, place, controlGroup, command: () => prepareCommand(machine, parts) });
  }

  /** A launcher looks into this file right before it starts anything. */
  async forbidStart(files: SlotFiles): Promise<void> {
    await writeAtomically(join(files.folder, 'wanted'), 'none\n');
  }

  async spreadClaim(): Promise<void> {}

  async codeFolder(order: ServiceOrder): Promise<string | null> {
    return await this.#machine.artifactFolder(order.artifact);
  }
}
