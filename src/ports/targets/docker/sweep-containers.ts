import { join } from 'node:path';
import type { ContainerSummary } from '../../../docker-engine/engine-shapes.ts';
import { parseJobRecord, parseSlotRecord } from '../slots/parse-records.ts';
import type { SlotMachine } from '../slots/slot-machine.ts';
import { namesIn, readText } from '../slots/state-files.ts';
import { labelNames, stateLabel } from './container-names.ts';
import type { DockerMachine } from './docker-machine.ts';
import { isFailure } from './engine-sight.ts';

/**
 * Takes away containers of this state whose end was counted already: what a control plane left that died between the
 * two; and those of programs that nobody sits at any more. Nothing else is touched, whatever its name: not what is of another state, and not what no record tells about.
 * Errors: `unreachable`, `timeout`.
 */
export async function sweepContainers(machine: DockerMachine, slots: SlotMachine): Promise<void> {
  const found = await machine.engine.containers.list({ label: [`${stateLabel}=${machine.id}`] });
  for (const container of found) await sweep(machine, slots, container);
}

async function sweep(machine: DockerMachine, slots: SlotMachine, container: ContainerSummary): Promise<void> {
  if (!(await isOver(machine, slots, container))) return;
  await machine.engine.containers.remove(container.Id, { force: true }).catch((error: unknown) => {
    if (!isFailure(error, 'not-found') && !isFailure(error, 'conflict')) throw error;
  });
}

async function isOver(machine: DockerMachine, slots: SlotMachine, container: ContainerSummary): Promise<boolean> {
  if (container.Labels[labelNames.oneOff] === undefined) return await isAccounted(slots, container);
  return !container.Names.some((name) => machine.openOneOffs.has(name.replace(/^\//, '')));
}

async function isAccounted(slots: SlotMachine, container: ContainerSummary): Promise<boolean> {
  const { folders } = slots.settings;
  const label = (name: keyof typeof labelNames): string => container.Labels[labelNames[name]] ?? '';
  if (label('job') !== '') {
    if (!(await namesIn(folders.jobs)).includes(label('job'))) return false;
    const record = await readText(join(folders.jobs, label('job'), 'record.json'));
    return record !== null && parseJobRecord(record).outcome !== null;
  }
  const scope = { app: label('app'), environment: label('environment') };
  const folder = folders.service(scope, label('revision'), label('service'));
  const record = await readText(join(folder, label('slot'), 'record.json'));
  if (record === null) return false;
  const { accounted, attempt, stopped } = parseSlotRecord(record);
  const own = Number(label('attempt'));
  return own < attempt || (own === attempt && (stopped || own <= accounted));
}
