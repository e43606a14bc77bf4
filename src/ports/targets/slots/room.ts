import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Room } from '../targets.ts';

/**
 * What this machine can still carry: the least of what the machine and Lotse's own control groups leave, and the fullest of
 * the disks that the folders lie on. A folder that cannot be looked at does not count, unless it is the first.
 */
export async function readRoom(...[stateFolder, ...others]: readonly [string, ...string[]]): Promise<Room> {
  const disks = [
    await readDisk(stateFolder),
    ...(await Promise.all(others.map((folder) => readDisk(folder).catch(() => null)))),
  ];
  const [fullest] = disks.filter((disk) => disk !== null).toSorted((a, b) => a.freeBytes - b.freeBytes);
  const memory = process.platform === 'linux' ? readMemory() : { free: freemem(), total: totalmem() };
  return {
    memoryFreeBytes: memory.free,
    memoryTotalBytes: memory.total,
    diskFreeBytes: fullest?.freeBytes ?? 0,
    diskFolder: fullest?.folder ?? stateFolder,
    cores: availableParallelism(),
  };
}

async function readDisk(folder: string) {
  const disk = await statfs(folder);
  return { folder, freeBytes: disk.bavail * disk.bsize };
}

interface Memory {
  readonly free: number;
  readonly total: number;
}

function readMemory(): Memory {
  const text = read('/proc/meminfo');
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0) * 1024;
  const machine: Memory = { free: bytes('MemAvailable'), total: bytes('MemTotal') };
  // Instances run in groups of their own beside ours; inside a container both lie below the container's limit.
  return [...limitsAbove()].reduce(
    (least, limit) => ({ free: Math.min(least.free, limit.free), total: Math.min(least.total, limit.total) }),
    machine,
  );
}

/** Memory limits of the root group that this process sees (in a container: the container's), version 2 and version 1. */
function* limitsAbove(): Generator<Memory> {
  const pairs = [
    ['/sys/fs/cgroup', 'memory.max', 'memory.current'],
    ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes', 'memory.usage_in_bytes'],
  ] as const;
  for (const [folder, limitFile, usageFile] of pairs) {
    const limit = Number(read(join(folder, limitFile)).trim() || Number.NaN);
    const usage = Number(read(join(folder, usageFile)).trim());
    if (Number.isFinite(limit) && limit > 0) yield { free: Math.max(0, limit - usage), total: limit };
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
