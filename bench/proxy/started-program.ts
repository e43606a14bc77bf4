import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, chmod } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pinned } from '../pinned.ts';

const patienceMs = 15_000;
const pollMs = 20;
const endMs = 5_000;

export interface StartedProgram {
  readonly pid: number;
  close(): Promise<void>;
}

export interface ProgramWishes {
  readonly command: readonly string[];
  readonly core: number | null;
  /** It is there when this port takes connections. */
  readonly port: number;
  readonly env?: NodeJS.ProcessEnv;
  /** Removed when it is closed. */
  readonly folder?: string;
}

/** Starts a program without output and waits until its port takes connections. */
export async function startProgram({ command, core, port, env, folder }: ProgramWishes): Promise<StartedProgram> {
  const [program = '', ...args] = pinned(core, command);
  const child = spawn(program, args, { stdio: 'ignore', ...(env === undefined ? {} : { env }) });
  const close = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      const late = setTimeout(() => child.kill('SIGKILL'), endMs);
      child.kill('SIGTERM');
      await ended;
      clearTimeout(late);
    }
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  };
  try {
    await once(child, 'spawn');
    const deadline = performance.now() + patienceMs;
    while (!(await takesConnections(port))) {
      if (child.exitCode !== null) throw new Error(`${program} ended with exit code ${child.exitCode}`);
      if (performance.now() > deadline) throw new Error(`${command[0]} does not listen on port ${port}`);
      await sleep(pollMs);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { pid: child.pid ?? 0, close };
}

/** A new folder for configuration and temporary files; readable for all, because some programs change their user. */
export async function makeFolder(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `lotse-bench-${name}-`));
  await chmod(folder, 0o755);
  return folder;
}

async function takesConnections(port: number): Promise<boolean> {
  const socket = net.connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
