import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import type { Host, Listener, Member } from './host.ts';
import { listeningSockets } from './listening-sockets.ts';

/** proc(5). Reads below /proc never wait for a disk, so they are made synchronously: that is several times cheaper. */
export function openLinuxHost(): Host {
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return {
    bootId,
    startOf: async (pid) => statOf(pid)?.start ?? null,
    startInRecord: (line) => parseStat(line)?.start ?? '',
    members: async (leader, marker) => allPids().flatMap((pid) => membership(pid, leader, marker)),
    family: async (pid) => familyOf(pid),
    listeners: async (pids, port) => listenersOf(pids, port),
    holderOf: async (port) => holderOf(port),
    memoryOf: async (pids) => pids.reduce((sum, pid) => sum + residentBytes(pid), 0),
  };
}

interface ProcessStat {
  readonly state: string;
  readonly group: number;
  readonly session: number;
  readonly start: string;
}

function statOf(pid: number): ProcessStat | null {
  const text = readProc(`/proc/${pid}/stat`);
  const stat = text === null ? null : parseStat(text);
  return stat === null || stat.state === 'Z' || stat.state === 'X' ? null : stat;
}

/** The command name (field 2) may hold spaces and brackets: fields are counted from the last bracket. */
function parseStat(line: string): ProcessStat | null {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const [state, , group, session] = fields;
  const start = fields[19];
  if (state === undefined || group === undefined || session === undefined || start === undefined) return null;
  return { state, group: Number(group), session: Number(session), start };
}

function membership(pid: number, leader: number | null, marker: string): readonly Member[] {
  const stat = statOf(pid);
  if (stat === null) return [];
  const inGroup = leader !== null && stat.group === leader;
  if (inGroup || (leader !== null && stat.session === leader)) return [{ pid, inGroup }];
  const environment = readProc(`/proc/${pid}/environ`);
  return environment !== null && `\0${environment}`.includes(`\0${marker}\0`) ? [{ pid, inGroup }] : [];
}

function familyOf(root: number): readonly number[] {
  const family = [root];
  for (const pid of family) {
    for (const thread of namesOf(`/proc/${pid}/task`)) {
      const children = readProc(`/proc/${pid}/task/${thread}/children`) ?? '';
      family.push(...children.split(' ').filter(Boolean).map(Number));
    }
  }
  return family;
}

function listenersOf(pids: readonly number[], port: number | null): readonly Listener[] {
  const owners = new Map(pids.flatMap((pid) => inodesOf(pid).map((inode) => [inode, pid] as const)));
  const found: Listener[] = [];
  for (const socket of listeningSockets()) {
    const pid = owners.get(socket.inode);
    if (pid === undefined || (port !== null && socket.port !== port)) continue;
    found.push({ pid, host: socket.host, port: socket.port });
    if (port !== null) break;
  }
  return found;
}

function holderOf(port: number): string | null {
  const socket = listeningSockets().find((candidate) => candidate.port === port);
  if (socket === undefined) return null;
  const pid = allPids().find((candidate) => inodesOf(candidate).includes(socket.inode));
  if (pid === undefined) return 'a process of another user';
  return `pid ${pid} (${(readProc(`/proc/${pid}/comm`) ?? 'unknown').trim()})`;
}

function inodesOf(pid: number): readonly string[] {
  return namesOf(`/proc/${pid}/fd`).flatMap((fd) => {
    const match = /^socket:\[(\d+)\]$/.exec(readLink(`/proc/${pid}/fd/${fd}`) ?? '');
    return match?.[1] === undefined ? [] : [match[1]];
  });
}

function residentBytes(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readProc(`/proc/${pid}/status`) ?? '');
  return Number(match?.[1] ?? 0) * 1024;
}

function allPids(): readonly number[] {
  return namesOf('/proc').map(Number).filter(Number.isInteger);
}

function namesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readProc(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // The process has ended, or belongs to somebody else.
  }
}

function readLink(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
