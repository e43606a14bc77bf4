import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { MemoryLimit } from './memory-limit.ts';

export interface Command {
  readonly argv: readonly string[];
  readonly workingFolder: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Opened by Lotse and handed over as standard input, so that the user need not be able to open it. Null: nothing. */
  readonly inputFile: string | null;
  /** Numeric user and group to become; null: stay. */
  readonly user: number | null;
  readonly memory: MemoryLimit | null;
  /** `NAME=value` in the environment of all its processes: strays are found by it (Linux). */
  readonly marker: string;
}

export interface CommandEnd {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

const graceMs = 2000;

/**
 * Runs the command in a process group of its own and hands over its output line by line. Resolves when it has ended and
 * nothing of it is left; after the signal that takes at most the grace of two seconds. Rejects when it does not exist.
 */
export async function runCommand(
  command: Command,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<CommandEnd> {
  if (signal.aborted) return { status: null, signal: 'SIGTERM' };
  const child = start(command);
  const ended = new Promise<CommandEnd>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status, signalName) => resolve({ status, signal: signalName }));
  });
  if (child.pid === undefined) return await ended;
  const lines = [readLines(child.stdout, onLine), readLines(child.stderr, onLine)];
  await command.memory?.add(child.pid).catch(() => undefined); // It has ended already.
  const onAbort = (): void => void endProcesses(child.pid ?? null, command.marker, graceMs);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    const end = await ended;
    await endProcesses(child.pid, command.marker, 0);
    await Promise.all(lines);
    return end;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function start(command: Command) {
  const [program = '', ...rest] = command.argv;
  const input = command.inputFile === null ? null : openSync(command.inputFile, 'r');
  try {
    return spawn(program, rest, {
      cwd: command.workingFolder,
      env: command.environment,
      detached: true,
      stdio: [input ?? 'ignore', 'pipe', 'pipe'],
      ...(command.user === null ? {} : { uid: command.user, gid: command.user }),
    });
  } finally {
    if (input !== null) closeSync(input);
  }
}

/** Ends the group and everything that carries the marker: SIGTERM, the grace, SIGKILL. */
export async function endProcesses(group: number | null, marker: string, graceForMs: number): Promise<void> {
  const until = performance.now() + graceForMs;
  if (graceForMs > 0) signalAll(group, marker, 'SIGTERM');
  while (performance.now() < until && isThere(group, marker)) await pause(20);
  for (let tries = 0; tries < 250 && isThere(group, marker); tries++) {
    signalAll(group, marker, 'SIGKILL');
    await pause(20);
  }
}

function isThere(group: number | null, marker: string): boolean {
  if (process.platform === 'linux') return marked(marker).length > 0;
  return group !== null && trySignal(-group, 0);
}

function signalAll(group: number | null, marker: string, name: NodeJS.Signals): void {
  if (group !== null) trySignal(-group, name);
  for (const pid of marked(marker)) if (name === 'SIGKILL' || group === null) trySignal(pid, name);
}

/** Living processes with the marker; macOS shows no environments, there the process group must do. */
function marked(marker: string): readonly number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
    .filter((pid) => `\0${read(`/proc/${pid}/environ`)}`.includes(`\0${marker}\0`));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // It has ended, or belongs to somebody else.
  }
}

function trySignal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

async function readLines(stream: Readable | null, onLine: (line: string) => void): Promise<void> {
  if (stream === null) return;
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) onLine(line);
}
