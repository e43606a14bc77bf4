import { readFileSync, readdirSync } from 'node:fs';
import { until } from './until.ts';

/**
 * Processes whose command line or environment names the folder: control plane, proxy, launchers, instances and jobs of
 * one state. The folder must have a name that no other test has (mkdtemp). Linux only (proc(5)); empty elsewhere.
 */
export function processesOf(folder: string): readonly number[] {
  if (process.platform !== 'linux') return [];
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => pid !== process.pid && isLiving(pid) && names(pid, folder));
}

/** Kills all of them and resolves when none is left. */
export async function endProcessesOf(folder: string): Promise<void> {
  await until(`every process of ${folder} has ended`, () => {
    const left = processesOf(folder);
    for (const pid of left) signal(pid, 'SIGKILL');
    return left.length === 0;
  });
}

export function isLiving(pid: number): boolean {
  if (!signal(pid, 0)) return false;
  const stat = read(`/proc/${pid}/stat`);
  return process.platform !== 'linux' || !/^\d+ \(.*\) [ZX]/s.test(stat);
}

function signal(pid: number, what: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, what);
  } catch {
    return false;
  }
}

function names(pid: number, folder: string): boolean {
  return ['cmdline', 'environ'].some((file) => read(`/proc/${pid}/${file}`).includes(folder));
}

/** Empty for a process that has gone meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
