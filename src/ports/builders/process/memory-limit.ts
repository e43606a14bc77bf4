import { existsSync } from 'node:fs';
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A control group with a memory limit (cgroups(7), both versions); all processes of one build are in it. */
export interface MemoryLimit {
  /** Puts the process and its later children in. */
  add(pid: number): Promise<void>;
  wasReached(): Promise<boolean>;
  remove(): Promise<void>;
}

/** Null where no memory controller is writable. */
export async function openMemoryLimit(name: string, bytes: number): Promise<MemoryLimit | null> {
  const isVersion2 = existsSync('/sys/fs/cgroup/cgroup.controllers');
  const parent = isVersion2 ? '/sys/fs/cgroup' : '/sys/fs/cgroup/memory';
  const folder = join(parent, name);
  const limitFile = join(folder, isVersion2 ? 'memory.max' : 'memory.limit_in_bytes');
  try {
    if (isVersion2) await writeFile(join(parent, 'cgroup.subtree_control'), '+memory');
    await mkdir(folder, { recursive: true });
    await writeFile(limitFile, String(bytes), { flag: 'r+' });
  } catch {
    await rmdir(folder).catch(() => undefined);
    return null;
  }
  return {
    add: (pid) => writeFile(join(folder, 'cgroup.procs'), String(pid)),
    wasReached: async () => {
      const text = await readFile(join(folder, isVersion2 ? 'memory.events' : 'memory.oom_control'), 'utf8');
      return /^oom_kill [1-9]/m.test(text);
    },
    remove: () => rmdir(folder).catch(() => undefined),
  };
}
