import { readFile } from 'node:fs/promises';
import type { Address } from '../../../core/routing-document.ts';
import type { DockerEngine } from '../../../docker-engine/docker-engine.ts';
import type { Whereabouts } from '../slots/health.ts';

interface Listener {
  readonly port: number;
  /** Only the container itself gets there. */
  readonly isLoopback: boolean;
}

const listening = '0A';
const askTimeoutMs = 2000;

/**
 * Where a program listens inside its container, read from the tables of its network namespace (proc_pid_net(5)): a program
 * that listens on its own loopback only, or on another port than PORT, is told from one that does not listen yet.
 */
export async function findInContainer(pid: number, host: string, given: number): Promise<Whereabouts> {
  return whereOf(await readListeners(pid), host, given);
}

/**
 * The same where process numbers are another machine's: the container is asked itself. An image without `cat` cannot be;
 * then what is at its port has the last word.
 */
export async function askContainer(engine: DockerEngine, container: string, given: Address): Promise<Whereabouts> {
  const tables = { Cmd: ['cat', '/proc/net/tcp', '/proc/net/tcp6'] };
  const output = await engine.execs.run(container, tables, { signal: AbortSignal.timeout(askTimeoutMs) }).then(
    (found) => found.output,
    () => '',
  );
  const listeners = output.split('\n').flatMap(parseEntry);
  return listeners.length === 0 ? { kind: 'given', address: given } : whereOf(listeners, given.host, given.port);
}

function whereOf(listeners: readonly Listener[], host: string, given: number): Whereabouts {
  const own = listeners.filter(({ port }) => port === given);
  if (own.some(({ isLoopback }) => !isLoopback)) return { kind: 'given', address: { host, port: given } };
  if (own.length > 0) {
    const why = `It listens on port ${given} of its own loopback only, where nobody else reaches it: let it listen on 0.0.0.0.`;
    return { kind: 'blocked', why };
  }
  const open = listeners.filter(({ isLoopback }) => !isLoopback).map(({ port }) => port);
  if (open.length === 0) return { kind: 'nowhere' };
  return { kind: 'elsewhere', address: { host, port: Math.min(...open) }, isFixed: false };
}

async function readListeners(pid: number): Promise<readonly Listener[]> {
  const texts = await Promise.all(
    ['tcp', 'tcp6'].map((table) => readFile(`/proc/${pid}/net/${table}`, 'utf8').catch(() => '')),
  );
  return texts.flatMap((text) => text.split('\n').slice(1)).flatMap(parseEntry);
}

/** `0: 0100007F:0BB8 00000000:0000 0A …`: addresses as words of this machine, 127.0.0.1 begins with any of 127/8. */
function parseEntry(line: string): readonly Listener[] {
  const [, local = '', , state] = line.trim().split(/\s+/);
  const [address = '', port = ''] = local.split(':');
  if (state !== listening || port === '') return [];
  const isLoopback = address.length === 8 ? address.endsWith('7F') : isLoopback6(address);
  return [{ port: Number.parseInt(port, 16), isLoopback }];
}

/** ::1, and 127.0.0.0/8 as ::ffff:127.x.x.x. */
function isLoopback6(address: string): boolean {
  return address === '00000000000000000000000001000000' || /^0{16}FFFF0000.{6}7F$/.test(address);
}
