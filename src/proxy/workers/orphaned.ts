import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const lookEveryMs = 50;
/** Nobody listens there, or this process could not even ask. */
const unanswered: ReadonlySet<unknown> = new Set(['ECONNREFUSED', 'EMFILE', 'ENFILE', 'ENOBUFS']);

/**
 * For a worker whose parent has died: resolves when another proxy serves the same state folder, or when the folder has
 * gone. Until then the worker's ports are nobody else's, and it may go on. The control socket is what tells: it needs
 * neither the disk nor the dead.
 */
export async function untilSucceeded(controlSocketPath: string): Promise<void> {
  while (!(await isAnswered(controlSocketPath))) await sleep(lookEveryMs);
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(path);
    const answer = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', (error) => answer(!('code' in error && unanswered.has(error.code))));
  });
}
