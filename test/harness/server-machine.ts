import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { layCable } from './other-machine.ts';
import type { SshServer } from './ssh-server.ts';
import { startSshServer } from './ssh-server.ts';

/** A machine with an ssh server and nothing else; this one is the laptop beside it. */
export interface ServerMachine {
  readonly skip: false;
  /** As seen from here. */
  readonly ip: string;
  /** In front of a command line: it runs there. */
  readonly prefix: readonly string[];
  readonly ssh: SshServer;
  /** A folder for PATH with an `ssh` that uses these keys: a person would have them in `~/.ssh`, which tests leave alone. */
  readonly sshWith: (folder: string, keys: readonly string[]) => string;
  readonly release: () => Promise<void>;
}

/** A network namespace of its own, joined to this one by a cable: its loopback is out of reach from here. Same files. */
export async function startServerMachine(): Promise<ServerMachine | { readonly skip: string }> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return { skip: 'other machines need root on Linux' };
  const id = randomBytes(4).toString('hex');
  const unplug = (): void => void execFileSync('ip', ['netns', 'delete', `lotse-${id}`], { stdio: 'ignore' });
  let ip: string;
  try {
    ({ ip } = layCable(id));
  } catch (error) {
    return { skip: `no network of its own: ${error instanceof Error ? error.message : ''}` };
  }
  const prefix = ['nsenter', `--net=/run/netns/lotse-${id}`];
  const start = (argv: readonly [string, ...string[]], how: SpawnOptions): ChildProcess =>
    spawn('nsenter', [...prefix.slice(1), ...argv], how);
  const ssh = await startSshServer({ host: ip, port: 22, spawn: start });
  if ('skip' in ssh) {
    unplug();
    return ssh;
  }
  return {
    ...{ skip: false, ip, prefix, ssh, sshWith: wrapSsh },
    release: async () => {
      await ssh.release();
      unplug();
    },
  };
}

export function wrapSsh(folder: string, keys: readonly string[]): string {
  mkdirSync(folder, { recursive: true });
  const path = process.env['PATH'] ?? '';
  const words = keys.map((word) => `'${word}'`).join(' ');
  writeFileSync(join(folder, 'ssh'), `#!/bin/sh\nPATH='${path}'\nexec ssh ${words} "$@"\n`);
  chmodSync(join(folder, 'ssh'), 0o755);
  return `${folder}:${path}`;
}
