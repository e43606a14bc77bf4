import { readFileSync } from 'node:fs';

/** Names one process for good: a pid alone is used again. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Changes with each boot; empty where the system does not tell. */
  readonly bootId: string;
  /** Start in clock ticks since boot (field 22 of /proc/<pid>/stat, proc(5)); empty where the system does not tell. */
  readonly startTime: string;
}

export function identityOf(pid: number): ProcessIdentity {
  return { pid, bootId: readOr('/proc/sys/kernel/random/boot_id'), startTime: startTimeOf(pid) };
}

/** Is that very process still there? A zombie is not. */
export function isAlive(identity: ProcessIdentity): boolean {
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  const now = identityOf(identity.pid);
  return now.bootId === identity.bootId && now.startTime === identity.startTime;
}

function startTimeOf(pid: number): string {
  const stat = readOr(`/proc/${pid}/stat`);
  // The command, in parentheses, may contain anything; fields are counted from behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? '' : (fields[19] ?? '');
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
