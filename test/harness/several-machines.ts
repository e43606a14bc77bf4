import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SpawnOptions } from 'node:child_process';
import type { OtherMachine } from './other-machine.ts';
import { startOtherMachine } from './other-machine.ts';
import type { SshServer } from './ssh-server.ts';
import { startSshServer } from './ssh-server.ts';

/** A machine as it stands in `servers:`. */
export interface NamedMachine {
  readonly machine: OtherMachine;
  /** `tcp://10.210.7.2:2376`, or `ssh://…`. */
  readonly server: string;
  /** Its cable is pulled out, or put in again. */
  readonly plug: (isIn: boolean) => Promise<void>;
}

export interface SeveralMachines {
  readonly skip: false;
  readonly all: readonly NamedMachine[];
  /** Gives a control plane what it needs to reach them: certificates in its state folder, and an `ssh` in this PATH. */
  readonly introduce: (state: string) => { readonly PATH: string };
  readonly release: () => Promise<void>;
}

/**
 * Other machines, of which the second one is reached by ssh where there is an sshd; the others are reached by TLS.
 * `dockerdArguments`: of the last one.
 */
export async function startSeveralMachines(
  count: number,
  dockerdArguments: readonly string[],
): Promise<SeveralMachines | { readonly skip: string }> {
  const wishes = Array.from({ length: count }, (_, index) => (index === count - 1 ? { dockerdArguments } : {}));
  const started = await Promise.all(wishes.map((wish) => startOtherMachine(wish)));
  const machines = started.filter((machine) => machine.skip === false);
  const missing = started.find((machine) => machine.skip !== false);
  if (missing !== undefined) {
    for (const machine of machines) machine.release();
    return { skip: missing.skip || 'a machine is missing' };
  }
  const second = machines[1];
  const ssh = second === undefined ? null : await openSsh(second);
  const all = machines.map((machine) => {
    const server = machine === second && ssh !== null ? sshAddress(machine) : tlsAddress(machine);
    return { machine, server, plug: (isIn: boolean) => plug(machine, isIn) };
  });
  return {
    ...{ skip: false, all },
    introduce: (state) => {
      for (const { machine } of all) bringCertificates(state, machine);
      return { PATH: ssh === null ? path : `${wrapSsh(state, ssh)}:${path}` };
    },
    release: async () => {
      await ssh?.release();
      for (const machine of machines) machine.release();
    },
  };
}

const path = process.env['PATH'] ?? '';

async function openSsh(machine: OtherMachine): Promise<SshServer | null> {
  const ssh = await startSshServer({ host: machine.ip, port: 22, spawn: machine.spawn });
  return 'skip' in ssh ? null : ssh;
}

function sshAddress({ ip, engine }: OtherMachine): string {
  const { address } = engine.connection;
  return `ssh://root@${ip}${address.kind === 'socket' ? address.path : ''}`;
}

function tlsAddress({ ip }: OtherMachine): string {
  return `tcp://${ip}:2376`;
}

function bringCertificates(state: string, { ip, address: { ca, cert, key } }: OtherMachine): void {
  const folder = join(state, 'servers/tls', ip);
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries({ ca, cert, key: key.reveal() })) {
    writeFileSync(join(folder, `${name}.pem`), text, { mode: 0o600 });
  }
}

/** A person would have the keys in `~/.ssh`, which tests leave alone. */
function wrapSsh(state: string, ssh: SshServer): string {
  const folder = join(state, 'test-bin');
  mkdirSync(folder, { recursive: true });
  const words = ssh.clientArguments.map((word) => `'${word}'`).join(' ');
  writeFileSync(join(folder, 'ssh'), `#!/bin/sh\nPATH='${path}'\nexec ssh ${words} "$@"\n`);
  chmodSync(join(folder, 'ssh'), 0o755);
  return folder;
}

async function plug(machine: OtherMachine, isIn: boolean): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const how: SpawnOptions = { stdio: 'ignore' };
  const child = machine.spawn(['ip', 'link', 'set', 'eth0', isIn ? 'up' : 'down'], how);
  child.once('error', reject).once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`ip ended: ${code}`))));
  await promise;
}
