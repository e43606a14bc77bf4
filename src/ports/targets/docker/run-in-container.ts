import { setTimeout as sleep } from 'node:timers/promises';
import type { AttachedContainer } from '../../../docker-engine/containers.ts';
import type { OneOffOrder, Session, SessionOutput, SessionSignal, TerminalSize } from '../session.ts';
import { identityOfOneOff } from './container-names.ts';
import { prepareContainer } from './container-spec.ts';
import type { PreparedContainer } from './container-spec.ts';
import type { DockerMachine } from './docker-machine.ts';

const askTimeoutMs = 10_000;
const createTimeoutMs = 60_000;
const startTimeoutMs = 120_000;
/** Between SIGTERM and SIGKILL of a program whose person has left. */
const endGraceMs = 2000;
const hasNoOutputKept = { Type: 'none', Config: {} } as const;

/**
 * Runs a program in a container of its own, made as that of an instance. The container goes with the program; when the
 * control plane dies meanwhile, with the next one's start. Errors: those of `prepareContainer` and of the engine.
 */
export async function runInContainer(machine: DockerMachine, order: OneOffOrder): Promise<Session> {
  const { name } = identityOfOneOff(machine.id, order);
  machine.openOneOffs.add(name);
  try {
    const prepared = await prepare(machine, order);
    const { containers } = machine.engine;
    await containers.create(name, specOf(order, prepared), { timeoutMs: createTimeoutMs });
    await prepared.fill(name);
    const attached = await containers.attach(name, order.terminal !== null);
    attached.input.on('error', () => undefined); // The end of the output tells it.
    await containers.start(name, { timeoutMs: startTimeoutMs });
    return await sessionOf(machine, order, name, attached);
  } catch (error) {
    await takeAway(machine, order, name);
    throw error;
  }
}

function prepare(machine: DockerMachine, order: OneOffOrder): Promise<PreparedContainer> {
  const { definition, artifact, argv, variables, storeFolders } = order;
  const { service, root, memoryBytes, cpuCores } = definition;
  return prepareContainer(machine, {
    ...{ scope: order, part: { service, root }, identity: identityOfOneOff(machine.id, order) },
    ...{ artifact, argv, variables, storeFolders, memoryBytes, cpuCores },
    secretFiles: definition.secretsAs === 'files' ? order.key : null,
    ...{ address: null, claimFile: null },
  });
}

/** The engine keeps nothing of what is typed and written. */
function specOf({ terminal }: OneOffOrder, { spec }: PreparedContainer): PreparedContainer['spec'] {
  return {
    ...spec,
    ...{ Tty: terminal !== null, OpenStdin: true, StdinOnce: true, AttachStdin: true },
    Env: [...(spec.Env ?? []), ...(terminal === null ? [] : ['TERM=xterm-256color'])],
    HostConfig: { ...spec.HostConfig, LogConfig: hasNoOutputKept },
  };
}

async function sessionOf(
  machine: DockerMachine,
  order: OneOffOrder,
  name: string,
  { input, output }: AttachedContainer,
): Promise<Session> {
  const { containers } = machine.engine;
  const { terminal } = order;
  const resize = async (size: TerminalSize): Promise<void> => {
    await containers.resize(name, size, { timeoutMs: askTimeoutMs }).catch(() => undefined);
  };
  if (terminal !== null) await resize(terminal);
  const tell = async (signal: SessionSignal | 'SIGKILL'): Promise<void> => {
    await containers.kill(name, signal, { timeoutMs: askTimeoutMs }).catch(() => undefined);
  };
  const ended = containers.wait(name).catch(() => null);
  const isTidy = ended.then(() => takeAway(machine, order, name));
  return {
    ...{ input, output: outputOf(output), ended, signal: tell },
    async resize(size) {
      if (terminal !== null) await resize(size);
    },
    async close() {
      if (!(await isOver(ended, 0))) {
        await tell('SIGTERM');
        if (!(await isOver(ended, endGraceMs))) await tell('SIGKILL');
      }
      input.destroy();
      await isTidy;
    },
  };
}

async function isOver(ended: Promise<number | null>, withinMs: number): Promise<boolean> {
  return await Promise.race([ended.then(() => true), sleep(withinMs, false)]);
}

/** A connection that breaks is its end; how the program ended is asked apart from it. */
async function* outputOf(output: AttachedContainer['output']): AsyncGenerator<SessionOutput> {
  try {
    for await (const { stream, bytes } of output) yield { stream: stream === 'stdout' ? 'out' : 'err', bytes };
  } catch {
    return;
  }
}

/** What cannot be taken away now is swept away later. */
async function takeAway(machine: DockerMachine, order: OneOffOrder, name: string): Promise<void> {
  await machine.engine.containers.remove(name, { force: true, timeoutMs: askTimeoutMs }).catch(() => undefined);
  await machine.secretFiles.remove(order.key).catch(() => undefined);
  machine.openOneOffs.delete(name);
}
