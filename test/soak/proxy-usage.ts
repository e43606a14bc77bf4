import { readdirSync, readFileSync } from 'node:fs';
import type { ProxyControl } from '../../src/proxy/control-client.ts';

const pageBytes = 4096;

/** Memory of the proxy's parent and its workers together, in bytes; null while workers come and go. */
export async function residentBytes(control: ProxyControl, workers: number): Promise<number | null> {
  const status = await control.status();
  if (!status.confirmed || status.workers.length !== workers || status.drainingWorkers > 0) return null;
  try {
    return [status.pid, ...status.workers.map(({ pid }) => pid)].reduce((sum, pid) => sum + residentOf(pid), 0);
  } catch {
    // One of them ended just now.
    return null;
  }
}

/** proc_pid_statm(5): the second number counts resident pages. */
function residentOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * pageBytes;
}

/**
 * Open descriptors of the parent and of each worker; those of workers in order of size, since any of them may be new.
 * The lowest of several counts: questions to the proxy are descriptors for a moment too.
 */
export async function openDescriptors(control: ProxyControl): Promise<readonly number[]> {
  const { pid, workers } = await control.status();
  const lowest = [pid, ...workers.map((worker) => worker.pid)].map(() => Number.POSITIVE_INFINITY);
  for (let left = 20; left > 0; left--) {
    for (const [i, of] of [pid, ...workers.map((worker) => worker.pid)].entries())
      lowest[i] = Math.min(lowest[i] ?? 0, readdirSync(`/proc/${of}/fd`).length);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  const [parent = 0, ...others] = lowest;
  return [parent, ...others.sort((a, b) => a - b)];
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
