import { readdir, readFile } from 'node:fs/promises';
import { processTree } from './process-usage.ts';

/** Ends every process whose command line names a folder, and all that descend from them: what a crash has left behind. */
export async function endProcessesOf(folder: string): Promise<void> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0 && pid !== process.pid);
  const trees = await Promise.all(
    pids.map(async (pid) => {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return command.includes(folder) ? await processTree(pid) : [];
    }),
  );
  for (const pid of new Set(trees.flat())) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it has ended meanwhile
    }
  }
}
