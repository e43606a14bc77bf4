import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A command that runs on one core only (taskset(1)); null: on any. */
export function pinned(core: number | null, command: readonly string[]): readonly string[] {
  return core === null ? command : ['taskset', '-c', `${core}`, ...command];
}

/** Brings a running process, with all its threads, to one core. */
export async function pin(pid: number, core: number): Promise<void> {
  await promisify(execFile)('taskset', ['-a', '-c', '-p', `${core}`, `${pid}`]);
}
