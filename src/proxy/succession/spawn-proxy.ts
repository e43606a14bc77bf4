import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { proxyEnvironment } from './compile-cache.ts';
import { stateFiles } from '../state-folder.ts';

export interface SpawnOptions {
  readonly stateDir: string;
  readonly nodePath: string;
  /** The proxy's main file. */
  readonly entry: string;
  readonly workers: number;
  /** Does it take over from this process? Then the two have a channel. */
  readonly isSuccessor: boolean;
}

export interface SpawnedProxy {
  readonly child: ChildProcess;
  /** The last lines that came into the proxy's log since then. */
  lastLogLines(): readonly string[];
}

/** Starts a process of the proxy in a session of its own, so that it outlives this one. Its output goes to the proxy's log. */
export function spawnProxy({ stateDir, nodePath, entry, workers, isSuccessor }: SpawnOptions): SpawnedProxy {
  const path = join(stateDir, stateFiles.log);
  const log = openSync(path, 'a', 0o600);
  const from = fstatSync(log).size;
  const args = ['--max-semi-space-size=1', '--no-warnings', entry, '--state', stateDir, '--workers', String(workers)];
  try {
    const child = spawn(nodePath, isSuccessor ? [...args, '--successor'] : args, {
      detached: true,
      stdio: isSuccessor ? ['ignore', log, log, 'ipc'] : ['ignore', log, log],
      cwd: stateDir,
      env: proxyEnvironment(stateDir),
    });
    return { child, lastLogLines: () => lastLines(path, from) };
  } finally {
    closeSync(log);
  }
}

function lastLines(path: string, from: number): readonly string[] {
  try {
    const text = readFileSync(path).subarray(from).toString('utf8').trimEnd();
    return text === '' ? [] : text.split('\n').slice(-20);
  } catch {
    return [];
  }
}
