import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/** A process that listens on a TCP port of this machine. */
export interface PortOwner {
  /** Null when only root may know. */
  readonly pid: number | null;
  readonly name: string;
  readonly arguments: readonly string[];
}

const listening = '0A'; // TCP_LISTEN in include/net/tcp_states.h
const unknown: PortOwner = { pid: null, name: 'another program', arguments: [] };

/** Who listens on the port, on any address (proc_net_tcp in the kernel's documentation, proc(5)); null: nobody. Linux only. */
export function portOwner(port: number): PortOwner | null {
  const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => listenersOf(file, port)));
  if (inodes.size === 0) return null;
  const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && holdsAny(name, inodes));
  if (pid === undefined) return unknown;
  const words = read(`/proc/${pid}/cmdline`).split('\0').filter(Boolean);
  const name = basename(words[0] ?? read(`/proc/${pid}/comm`).trim());
  return { pid: Number(pid), name, arguments: words };
}

function listenersOf(file: string, port: number): readonly string[] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return read(file)
    .split('\n')
    .flatMap((line) => {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      return state === listening && local?.endsWith(wanted) === true && inode !== undefined ? [inode] : [];
    });
}

function holdsAny(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`)) ?? [];
      return inode !== undefined && inodes.has(inode);
    });
  } catch {
    return false; // It has ended, or belongs to somebody else.
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
