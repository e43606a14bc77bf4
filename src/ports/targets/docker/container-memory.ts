import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DockerEngine } from '../../../docker-engine/docker-engine.ts';

/** Files of the kernel cost next to nothing. A question costs the engine some milliseconds, times the containers. */
const agesMs = { file: 1000, engine: 10_000 } as const;
const controlGroups = '/sys/fs/cgroup';

type Read = (name: string) => number | null;

/**
 * What the programs of one container hold in memory: as with processes, without what the kernel has only kept of files; with
 * what lies in /tmp, which is in memory. Read from the container's control group, asked of the engine where that is not seen.
 */
export class ContainerMemory {
  readonly #engine: DockerEngine;
  readonly #container: string;
  #bytes: number | null = null;
  #askedAt = -Infinity;
  #ageMs: number = agesMs.file;
  /** Of the container's group, by the process that it was looked up for. */
  #file: { readonly pid: number; readonly path: string | null } | null = null;

  constructor(engine: DockerEngine, container: string) {
    this.#engine = engine;
    this.#container = container;
  }

  /** As it was a moment ago: whoever looks waits for nobody. `pid`: its first process, where this machine has it. */
  latest(pid: number | null): number | null {
    if (performance.now() - this.#askedAt > this.#ageMs) {
      this.#askedAt = performance.now();
      void this.#read(pid).then((bytes) => (this.#bytes = bytes));
    }
    return this.#bytes;
  }

  async #read(pid: number | null): Promise<number | null> {
    const text = pid === null ? null : await this.#readFile(pid);
    this.#ageMs = text === null ? agesMs.engine : agesMs.file;
    return text === null ? await this.#ask() : heldBytes(fieldsOf(text));
  }

  async #readFile(pid: number): Promise<string | null> {
    if (this.#file?.pid !== pid) this.#file = { pid, path: await findStatistics(pid) };
    return this.#file.path === null ? null : await readFile(this.#file.path, 'utf8').catch(() => null);
  }

  async #ask(): Promise<number | null> {
    try {
      const { memory_stats } = await this.#engine.containers.stats(this.#container, { timeoutMs: 1000 });
      return heldBytes((name) => memory_stats.stats?.[name] ?? null);
    } catch {
      return null;
    }
  }
}

/**
 * What only swapping would give back (programs, and what lies in /tmp), and files that are mapped, the programs' own among
 * them. Names of version 1, else of version 2 (cgroups(7), Documentation/admin-guide/cgroup-v2.rst).
 */
function heldBytes(read: Read): number | null {
  const lists = [
    read('total_active_anon') ?? read('active_anon'),
    read('total_inactive_anon') ?? read('inactive_anon'),
  ];
  if (lists.every((bytes) => bytes === null)) return null;
  const files = read('total_mapped_file') ?? read('file_mapped');
  return [...lists, files].reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0);
}

function fieldsOf(text: string): Read {
  return (name) => {
    const found = new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1];
    return found === undefined ? null : Number(found);
  };
}

/** `4:memory:/docker/ID` (version 1), else `0::/system.slice/docker-ID.scope`; null: it is not seen from here. */
async function findStatistics(pid: number): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
  const first = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(\/.*)$/m.exec(text)?.[1];
  const path = first ?? /^0::(\/.*)$/m.exec(text)?.[1];
  // A path that leads up is one of another container than ours, as seen from inside of ours.
  if (path === undefined || path.includes('..') || path === '/') return null;
  return join(controlGroups, first === undefined ? '' : 'memory', path, 'memory.stat');
}
