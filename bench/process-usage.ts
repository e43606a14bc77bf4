import { execFileSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';

/** Memory that belongs to a process, shared pages divided by who shares them (proc_pid_smaps_rollup(5)). In bytes. */
export async function proportionalBytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kilobytes = /^Pss: *(\d+) kB$/m.exec(text)?.[1];
  if (kilobytes === undefined) throw new Error(`/proc/${pid}/smaps_rollup has no Pss`);
  return Number(kilobytes) * 1024;
}

/** Processor time that a process and its ended children have taken so far (proc_pid_stat(5), fields 14 to 17). */
export async function processorMs(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name in field 2 may hold anything, so fields count from behind its parenthesis: the first there is the third.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return (ticks * 1000) / ticksPerSecond();
}

/** A process and all that descend from it now (proc_pid_task(5), `children`). */
export async function processTree(pid: number): Promise<readonly number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')),
  );
  const children = lists.flatMap((list) => list.split(' ').filter((each) => each !== ''));
  const trees = await Promise.all(children.map((child) => processTree(Number(child))));
  return [pid, ...trees.flat()];
}

function ticksPerSecond(): number {
  return Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
}
