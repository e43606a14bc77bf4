import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { LotseError } from '../../src/core/errors.ts';
import { DockerEngine } from '../../src/docker-engine/docker-engine.ts';
import type { EngineAddress } from '../../src/docker-engine/engine-address.ts';
import type { MachineLink } from '../../src/other-machine/machine-link.ts';
import type { OtherMachine } from './other-machine.ts';

const program = fileURLToPath(new URL('../fixtures/processes/forward-connections.ts', import.meta.url));

/** All that a process needs to open the link. */
export interface StandIn {
  readonly name: string;
  readonly engine: EngineAddress;
  readonly forwarder: { readonly host: string; readonly port: number };
}

/** Starts a program on the machine that connects for us; `end` ends it. */
export async function startStandIn(machine: OtherMachine, name: string) {
  const argv = [process.execPath, '--experimental-strip-types', program, machine.ip] as const;
  const child = machine.spawn(argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [first] = await once(child.stdout ?? child, 'data');
  const forwarder = { host: machine.ip, port: Number(String(first)) };
  const standIn: StandIn = { name, engine: machine.address, forwarder };
  return { standIn, end: (): void => void child.kill() };
}

/** A link whose connections go through a program on the other machine, over the cable between the two. */
export function openStandIn({ name, engine, forwarder }: StandIn): MachineLink {
  const open = new Set<Socket>();
  return {
    name,
    engine: new DockerEngine(engine),
    connect: async (to, { timeoutMs }) => {
      const socket = connect({ ...forwarder, allowHalfOpen: true });
      open.add(socket.on('error', () => undefined).once('close', () => open.delete(socket)));
      const timer = setTimeout(() => socket.destroy(), timeoutMs);
      socket.write(`${JSON.stringify(to)}\n`);
      await Promise.race([once(socket, 'readable'), once(socket, 'close')]);
      clearTimeout(timer);
      const answer = socket.read(); // Whoever has called speaks first: there is nothing else yet.
      if (String(answer) === 'ok\n') return socket;
      socket.destroy();
      const where = `${name} does not reach ${JSON.stringify(to)}.`;
      const cause = answer === null ? {} : { cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) };
      throw new LotseError('unreachable', where, { retriable: true, ...cause });
    },
    close: async () => open.forEach((socket) => socket.destroy()),
  };
}
