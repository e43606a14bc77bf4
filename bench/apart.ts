import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const groups = '/sys/fs/cgroup';
/** So much for one of others (1024 is the usual share) that what they leave over hardly matters. */
const shares = 64 * 1024;
const patienceMs = 30_000;

/**
 * Runs this Node apart from what else is on the machine, as root on Linux: in a network namespace of its own (unshare(1)),
 * so that nobody else's ports, bridges and packet filters are there, and what is left of its own goes with it; and, where
 * processor time is shared out by cgroups(7) of version 1, in a group that goes in front of the others. `args` gets the
 * name of that group, empty for none. Signals are passed on. Answers the exit code.
 */
export async function runApart(args: (group: string) => readonly string[]): Promise<number> {
  const group = existsSync(join(groups, 'cpu/cpu.shares')) ? `lotse-bench-${process.pid}` : '';
  if (group === '') console.log('without a group of its own for processor time: what else runs here disturbs more');
  const child = spawn('unshare', ['--net', '--', process.execPath, ...args(group)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject).once('exit', (code) => resolve(code ?? 1));
  });
  try {
    if (group !== '') await fill(join(groups, 'cpu', group), child.pid ?? 0);
    return await ended;
  } finally {
    if (group !== '') await remove(group);
  }
}

/** Called once inside: 127.0.0.1 does not answer before. */
export async function openLoopback(): Promise<void> {
  await promisify(execFile)('ip', ['link', 'set', 'lo', 'up']);
}

async function fill(folder: string, pid: number): Promise<void> {
  await mkdir(folder);
  await writeFile(join(folder, 'cpu.shares'), `${shares}`);
  await writeFile(join(folder, 'cgroup.procs'), `${pid}`);
}

/** Docker makes groups of this name for its other controllers too. It can only be removed when its last process has ended. */
async function remove(group: string): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (const controller of await readdir(groups)) {
    const folder = join(groups, controller, group);
    while (existsSync(folder) && performance.now() < deadline) {
      await rmdir(folder).catch(() => sleep(100));
    }
  }
}
