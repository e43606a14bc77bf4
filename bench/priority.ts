import { writeFile } from 'node:fs/promises';
import { setPriority } from 'node:os';

const nice = -10;

/**
 * Puts a process and all that it starts from now on in front of what else runs on the machine, as far as it may
 * (setpriority(2); root may). Where the kernel shares time out by session first (sched(7), "The autogroup feature"), its
 * whole session goes in front. Says so when it may not.
 */
export async function goFirst(pid: number): Promise<void> {
  try {
    setPriority(pid, nice);
    await writeFile(`/proc/${pid}/autogroup`, `${nice}`);
  } catch {
    console.log(`without the right to raise the priority of process ${pid}: what else runs here disturbs more`);
  }
}
