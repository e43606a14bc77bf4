import { execFile } from 'node:child_process';
import type { Host, Listener, Member } from './host.ts';

/** macOS has no /proc: ps(1), lsof(8) and sysctl(8) are asked instead, which costs some milliseconds each time. */
export async function openDarwinHost(): Promise<Host> {
  const bootId = (await ask('/usr/sbin/sysctl', ['-n', 'kern.boottime'])).trim();
  return {
    bootId,
    startOf: async (pid) => startOf(pid),
    startInRecord: (line) => line.trim(),
    members: async (leader, marker) => members(leader, marker),
    family: async (pid) => family(pid),
    listeners: async (pids, port) => {
      const found = pids.length === 0 ? [] : await listening(['-a', '-p', pids.join(',')]);
      return found.filter((listener) => port === null || listener.port === port);
    },
    holderOf: async (port) => holderOf(port),
    memoryOf: async (pids) => {
      const text = await ask('/bin/ps', ['-o', 'rss=', '-p', pids.join(',')]);
      return words(text).reduce((sum, kilobytes) => sum + Number(kilobytes) * 1024, 0);
    },
  };
}

async function startOf(pid: number): Promise<string | null> {
  const text = (await ask('/bin/ps', ['-o', 'stat=,lstart=', '-p', String(pid)])).trim();
  if (text === '' || text.startsWith('Z')) return null;
  return text.replace(/^\S+\s+/, '');
}

/** `ps -E` shows the environment of this user's own processes. */
async function members(leader: number | null, marker: string): Promise<readonly Member[]> {
  const lines = (await ask('/bin/ps', ['-axww', '-E', '-o', 'pid=,pgid=,stat=,command='])).split('\n');
  return lines.flatMap((line) => {
    const [pid, group, state] = words(line);
    if (pid === undefined || state === undefined || state.startsWith('Z')) return [];
    const inGroup = leader !== null && Number(group) === leader;
    return inGroup || `${line} `.includes(` ${marker} `) ? [{ pid: Number(pid), inGroup }] : [];
  });
}

async function family(root: number): Promise<readonly number[]> {
  const pairs = (await ask('/bin/ps', ['-axo', 'pid=,ppid='])).split('\n').map((line) => words(line).map(Number));
  const found = [root];
  for (const parent of found) {
    found.push(...pairs.flatMap(([pid, of]) => (pid !== undefined && of === parent ? [pid] : [])));
  }
  return found;
}

/** `lsof -F pn`: a line `p<pid>`, then a line `n<host>:<port>` for each of its sockets. */
async function listening(filter: readonly string[]): Promise<readonly Listener[]> {
  const text = await ask('/usr/sbin/lsof', ['-nP', ...filter, '-iTCP', '-sTCP:LISTEN', '-Fpn']);
  let pid = 0;
  return text.split('\n').flatMap((line) => {
    if (line.startsWith('p')) pid = Number(line.slice(1));
    const match = /^n(.*):(\d+)$/.exec(line);
    if (match?.[1] === undefined || match[2] === undefined) return [];
    const host = match[1] === '*' ? '0.0.0.0' : match[1].replace(/^\[|\]$/g, '');
    return [{ pid, host, port: Number(match[2]) }];
  });
}

async function holderOf(port: number): Promise<string | null> {
  const holder = (await listening([])).find((listener) => listener.port === port);
  if (holder === undefined) return null;
  const name = (await ask('/bin/ps', ['-o', 'comm=', '-p', String(holder.pid)])).trim();
  return `pid ${holder.pid} (${name})`;
}

function words(text: string): readonly string[] {
  return text.split(/\s+/).filter(Boolean);
}

/** Standard output; these tools end with 1 when they find nothing, so a failure reads as nothing found. */
function ask(path: string, argv: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(path, [...argv], { maxBuffer: 64 * 1024 * 1024, env: { LC_ALL: 'C' } }, (_, stdout) => resolve(stdout));
  });
}
