import { closeSync, openSync, readSync } from 'node:fs';

export interface ListeningSocket {
  readonly inode: string;
  /** Textual IP address. */
  readonly host: string;
  readonly port: number;
}

const listening = '0A'; // TCP_LISTEN in include/net/tcp_states.h
const lineBytes = 160;

/**
 * Listening TCP sockets of this network namespace (proc_net_tcp in the kernel's documentation), read as they are asked
 * for. The kernel lists them first, and then walks all its connection tables, which can take many milliseconds: reading
 * in small pieces and stopping early avoids that; tcp6 comes first, because node listens on :: by default.
 */
export function* listeningSockets(): Generator<ListeningSocket> {
  for (const path of ['/proc/net/tcp6', '/proc/net/tcp']) {
    for (const line of linesOf(path)) {
      const socket = parseSocketLine(line);
      if (socket === null) continue;
      if (socket === 'other state') break;
      yield socket;
    }
  }
}

/** Null for the heading and what cannot be read. */
export function parseSocketLine(line: string): ListeningSocket | 'other state' | null {
  const [number, local, , state, , , , , , inode] = line.trim().split(/\s+/);
  const [host, port] = (local ?? '').split(':');
  if (number === undefined || !/^\d+:$/.test(number) || inode === undefined) return null;
  if (host === undefined || port === undefined) return null;
  if (state !== listening) return 'other state';
  return { inode, host: parseHost(host), port: Number.parseInt(port, 16) };
}

/** Addresses are hexadecimal words of 32 bits, each in the byte order of the machine (little-endian where node runs). */
function parseHost(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  for (let at = 0; at < bytes.length; at += 4) bytes.subarray(at, at + 4).reverse();
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  const text = groups.join(':');
  if (text === '0:0:0:0:0:0:0:0') return '::';
  if (text === '0:0:0:0:0:0:0:1') return '::1';
  return text;
}

function* linesOf(path: string): Generator<string> {
  const file = openOrNull(path);
  if (file === null) return; // A kernel without IPv6 has no tcp6.
  try {
    const piece = Buffer.alloc(lineBytes);
    let rest = '';
    for (let read = readSync(file, piece); read > 0; read = readSync(file, piece)) {
      const lines = (rest + piece.toString('latin1', 0, read)).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } finally {
    closeSync(file);
  }
}

function openOrNull(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch {
    return null;
  }
}
