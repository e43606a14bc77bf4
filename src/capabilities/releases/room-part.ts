import { formatSizeRoughly } from '../../core/quantities.ts';
import type { ProofItem, ProofSubject, ReleasePart } from '../../ports/release-part/release-part.ts';
import type { Room, Target, TargetSlot } from '../../ports/targets/targets.ts';
import type { Revision } from '../../rollout/release.ts';

/** Disk that stays free for logs and the journal, in bytes. */
const diskReserveBytes = 200 * 1024 * 1024;
/** What an instance is taken to need when nobody declared it and none has run yet, in bytes. */
const unknownInstanceBytes = 64 * 1024 * 1024;

/** Do old and new fit side by side, in memory and on disk? */
export function roomPart(target: Target): ReleasePart {
  return {
    name: 'room',
    title: 'old and new fit side by side',
    resolve: () => Promise.resolve({ version: '' }),
    diff: () => Promise.resolve([]),
    steps: () => Promise.resolve([]),
    async prove(subject) {
      const room = await target.room({
        ...subject.scope,
        target: subject.to.target,
        servers: subject.to.servers ?? [],
      });
      if (room === null) {
        const message = 'This target cannot say how much room there is.';
        return [{ id: 'room', title: 'room', proven: false, message, seen: '' }];
      }
      const slots = await target.observe(subject.scope);
      return [memoryItem(subject, room.memoryFreeBytes, slots), diskItem(room)];
    },
  };
}

function memoryItem(subject: ProofSubject, freeBytes: number, slots: readonly TargetSlot[]): ProofItem {
  const needed = neededBytes(subject, slots);
  const proven = needed <= freeBytes;
  const figures = `${formatSizeRoughly(needed)} needed, ${formatSizeRoughly(freeBytes)} free`;
  const message = proven
    ? `Memory is enough: ${figures}.`
    : `Memory is short: ${figures}. Use \`strategy: rolling\` or \`recreate\`, or make room.`;
  return { id: 'room/memory', title: 'memory', proven, message, seen: figures };
}

function diskItem({ diskFreeBytes: freeBytes, diskFolder }: Room): ProofItem {
  const proven = freeBytes >= diskReserveBytes;
  const message = proven
    ? `Disk is enough: ${formatSizeRoughly(freeBytes)} free.`
    : `Disk is short: ${formatSizeRoughly(freeBytes)} free where ${diskFolder} lies, ${formatSizeRoughly(diskReserveBytes)} are kept for logs and the journal. Free some space there.`;
  return { id: 'room/disk', title: 'disk', proven, message, seen: String(freeBytes) };
}

/** Beside what runs already: everything new for blue-green, one more of each (on each machine) for rolling, nothing for recreate. */
function neededBytes({ to, strategy }: ProofSubject, slots: readonly TargetSlot[]): number {
  if (strategy === 'recreate' || slots.some((slot) => slot.revision === to.id)) return 0;
  const machines = Math.max(1, to.servers?.length ?? 0);
  return to.services.reduce((sum, service) => {
    const copies = strategy === 'rolling' && service.kind === 'web' ? machines : service.instances;
    return sum + copies * instanceBytes(service, slots);
  }, 0);
}

function instanceBytes(service: Revision['services'][number], slots: readonly TargetSlot[]): number {
  if (service.memoryBytes !== null) return service.memoryBytes;
  const seen = slots.flatMap((slot) => (slot.service === service.service ? [slot.memoryBytes ?? 0] : []));
  return Math.max(0, ...seen) || unknownInstanceBytes;
}
