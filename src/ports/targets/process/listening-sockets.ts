import { readFileSync } from 'node:fs';

export interface ListeningSocket {
  readonly inode: string;
  /** Textual IP address. */
  readonly host: string;
  readonly port: number;
}

const listening = '0A'; // TCP_LISTEN in include/net/tcp_states.h

/** Every listening TCP socket of this network namespace: proc_net_tcp in the kernel's documentation. */
export function readListeningSockets(): readonly ListeningSocket[] {
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) => parseSocketTable(readTable(path)));
}

export function parseSocketTable(table: string): readonly ListeningSocket[] {
  return table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      const [host, port] = (local ?? '').split(':');
      if (state !== listening || inode === undefined || host === undefined || port === undefined) return [];
      return [{ inode, host: parseHost(host), port: Number.parseInt(port, 16) }];
    });
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

function readTable(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // A kernel without IPv6 has no tcp6.
  }
}
