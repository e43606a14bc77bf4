import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const programs = fileURLToPath(new URL('../fixtures/processes/', import.meta.url));

/** Opens a target in a process of its own, which has kept the order when this resolves. `kill` is SIGKILL. */
export async function holdTargetElsewhere(program: string, argv: readonly string[]) {
  const holder = spawn(process.execPath, [join(programs, program), ...argv], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  return {
    kill: async (): Promise<void> => {
      const ended = once(holder, 'exit');
      holder.kill('SIGKILL');
      await ended;
    },
  };
}
