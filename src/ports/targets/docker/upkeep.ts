import type { Scope } from '../../../core/ids.ts';
import { pause } from '../slots/pause.ts';
import type { SlotMachine } from '../slots/slot-machine.ts';
import type { DockerMachine } from './docker-machine.ts';
import { readNotes } from './engine-notes.ts';
import { sweepContainers } from './sweep-containers.ts';

const everyMs = 3_600_000;
const retryMs = 5000;

/**
 * Once an hour, and at the beginning: what the engine is like, and what was left on it. Networks go only after an hour
 * in which nothing was kept of their environment. Until the signal comes.
 */
export async function keepUp(
  machine: DockerMachine,
  slots: SlotMachine,
  isBusy: (scope: Scope) => boolean,
  signal: AbortSignal,
  tell: (notes: readonly string[]) => void,
): Promise<void> {
  let wereIdle: ReadonlySet<string> = new Set();
  const lookAfter = async (): Promise<true | null> => {
    const notes = await machine.sight.tryToSee(() => readNotes(machine));
    if (notes === null) return null;
    tell(notes);
    await sweepContainers(machine, slots);
    await machine.tidy();
    wereIdle = await machine.networks.removeIdle(isBusy, wereIdle);
    return true;
  };
  for (let delayMs = 0; await pause(delayMs, signal);) {
    const done = await lookAfter().catch(() => null);
    delayMs = done === null ? retryMs : everyMs;
  }
}
