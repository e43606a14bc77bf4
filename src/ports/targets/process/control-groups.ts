import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { hasCode } from '../slots/state-files.ts';

/** Limits of one attempt; null: none. */
export interface Limits {
  readonly memoryBytes: number | null;
  readonly cpuCores: number | null;
}

/** The control group of one attempt (cgroups(7)). */
export interface ControlGroup {
  /** `cgroup.procs` files that a process joins by writing 0. */
  readonly joinFiles: readonly string[];
  /** True when the kernel killed something in it for want of memory. */
  wasOutOfMemory(): Promise<boolean>;
  /** Kills everything in it at once, where the kernel can. */
  kill(): Promise<void>;
  remove(): Promise<void>;
}

export interface ControlGroups {
  /** What cannot be limited here, for people. */
  readonly notes: readonly string[];
  open(name: string, limits: Limits): Promise<ControlGroup | null>;
  /** Takes the family's own groups away where nothing is left in them. */
  close(): Promise<void>;
}

/** Where the hierarchies are; each null where it is missing or not writable. */
interface Hierarchies {
  readonly unified: string | null;
  readonly memory: string | null;
  readonly cpu: string | null;
  /** Version 2 with both controllers handed down. */
  readonly unifiedLimits: boolean;
}

const cpuPeriodUs = 100_000;

/** `family` keeps the groups of this state folder apart from others. */
export async function openControlGroups(family: string): Promise<ControlGroups> {
  if (process.platform !== 'linux') {
    return { notes: [noLimits('macOS has no control groups')], open: async () => null, close: async () => undefined };
  }
  const found = await findHierarchies(`lotse-${family}`);
  const roots = [found.unified, found.memory, found.cpu].filter((root) => root !== null);
  const notes = [
    ...(found.memory === null && !found.unifiedLimits ? [noLimits('the memory controller is not writable')] : []),
    ...(found.cpu === null && !found.unifiedLimits ? ['CPU limits are not enforced: no writable cpu controller.'] : []),
  ];
  const open = async (name: string, limits: Limits): Promise<ControlGroup | null> => {
    // A group of version 1 weighs as much as one process outside all groups, however many it holds: who needs no CPU
    // limit stays outside, or builds and neighbours would starve all apps together.
    const joined = limits.cpuCores === null ? roots.filter((root) => root !== found.cpu) : roots;
    if (joined.length === 0) return null;
    const folders = joined.map((root) => join(root, name));
    await Promise.all(folders.map((folder) => mkdir(folder, { recursive: true })));
    await applyLimits(found, name, limits);
    return controlGroup(folders);
  };
  const close = async (): Promise<void> => {
    await Promise.all(roots.map((root) => rmdir(root).catch(() => undefined)));
  };
  return { notes, open, close };
}

function noLimits(why: string): string {
  return `Memory limits are not enforced: ${why}.`;
}

function controlGroup(folders: readonly string[]): ControlGroup {
  return {
    joinFiles: folders.map((folder) => join(folder, 'cgroup.procs')),
    wasOutOfMemory: async () => {
      const texts = await Promise.all(
        folders.flatMap((folder) => [
          read(join(folder, 'memory.events')), // version 2
          read(join(folder, 'memory.oom_control')), // version 1
        ]),
      );
      return texts.some((text) => /^oom_kill [1-9]/m.test(text));
    },
    kill: async () => {
      await Promise.all(folders.map((folder) => writeIfThere(join(folder, 'cgroup.kill'), '1')));
    },
    remove: async () => {
      await Promise.all(folders.map(removeSoon));
    },
  };
}

/** A process that was just killed stays in its group until its parent has asked about it. */
async function removeSoon(folder: string): Promise<void> {
  for (let tries = 0; tries < 25; tries++) {
    const left = await rmdir(folder).then(
      () => null,
      (error: unknown) => error,
    );
    if (left === null || !hasCode(left, 'EBUSY')) return;
    await pause(20);
  }
}

async function applyLimits(found: Hierarchies, name: string, limits: Limits): Promise<void> {
  const quota = limits.cpuCores === null ? null : Math.max(1000, Math.round(limits.cpuCores * cpuPeriodUs));
  const memory = limits.memoryBytes === null ? null : String(limits.memoryBytes);
  if (found.unified !== null && found.unifiedLimits) {
    if (memory !== null) await writeIfThere(join(found.unified, name, 'memory.max'), memory);
    if (quota !== null) await writeIfThere(join(found.unified, name, 'cpu.max'), `${quota} ${cpuPeriodUs}`);
  }
  if (found.memory !== null && memory !== null) {
    await writeIfThere(join(found.memory, name, 'memory.limit_in_bytes'), memory);
  }
  if (found.cpu !== null && quota !== null) {
    await writeIfThere(join(found.cpu, name, 'cpu.cfs_period_us'), String(cpuPeriodUs));
    await writeIfThere(join(found.cpu, name, 'cpu.cfs_quota_us'), String(quota));
  }
}

/** Version 2 at its usual place, beside version 1 (hybrid), or version 1 alone; below our own group when not root. */
async function findHierarchies(family: string): Promise<Hierarchies> {
  const pure = existsSync('/sys/fs/cgroup/cgroup.controllers');
  const mount = pure ? '/sys/fs/cgroup' : '/sys/fs/cgroup/unified';
  const parent = isWritable(mount) ? mount : join(mount, ownUnifiedGroup());
  const unified = await tryFolder(join(parent, family));
  const memory = pure ? null : await tryFolder(join('/sys/fs/cgroup/memory', family));
  const cpu = pure ? null : await tryFolder(join('/sys/fs/cgroup/cpu', family));
  return { unified, memory, cpu, unifiedLimits: unified !== null && (await handDown(parent, unified)) };
}

/** A child group has a controller only when every group above it hands it down. */
async function handDown(parent: string, folder: string): Promise<boolean> {
  for (const group of [parent, folder]) {
    for (const controller of ['memory', 'cpu']) {
      await writeIfThere(join(group, 'cgroup.subtree_control'), `+${controller}`);
    }
  }
  const handed = (await read(join(folder, 'cgroup.subtree_control'))).split(/\s+/);
  return handed.includes('memory') && handed.includes('cpu');
}

async function tryFolder(folder: string): Promise<string | null> {
  if (!existsSync(join(folder, '..', 'cgroup.procs'))) return null;
  const made = await mkdir(folder, { recursive: true }).then(
    () => true,
    () => false,
  );
  return made && isWritable(join(folder, 'cgroup.procs')) ? folder : null;
}

function ownUnifiedGroup(): string {
  try {
    return /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '/';
  } catch {
    return '/';
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

/** A file that this kernel lacks, or a value that it refuses, leaves the limit unset: the notes say so at open. */
async function writeIfThere(path: string, text: string): Promise<void> {
  await writeFile(path, text, { flag: 'r+' }).catch(() => undefined);
}
