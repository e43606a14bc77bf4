import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeErrorCode, LotseError } from '../core/errors.ts';
import { ProxyControl } from './control-client.ts';
import { stateFiles } from './state-folder.ts';

export interface StartProxyOptions {
  readonly stateDir: string;
  /** The Node.js binary that runs the proxy. */
  readonly nodePath: string;
  /** Proxy workers; default 1. */
  readonly workers?: number;
  /** How long the proxy may take until it answers, in milliseconds; default 15,000. */
  readonly timeoutMs?: number;
}

const pollMs = 20;

/** Returns a proxy that already runs on this state folder, or null. Errors: `bad-input` (path too long), `timeout` (it runs but does not answer). */
export async function findProxy(stateDir: string): Promise<ProxyControl | null> {
  const control = new ProxyControl(stateDir);
  try {
    await control.status();
    return control;
  } catch (error) {
    if (error instanceof LotseError && error.code === 'unreachable') return null;
    throw error;
  }
}

/**
 * Starts a proxy in a session of its own, so that it outlives this process however that ends, and returns when it
 * answers. One that already runs there is adopted instead. Its output goes to `proxy.log` in the state folder.
 * Errors: `unreachable` with the last lines of that log when it does not come up.
 */
export async function startProxy(given: StartProxyOptions): Promise<ProxyControl> {
  const options = { ...given, stateDir: resolve(given.stateDir) };
  const running = await findProxy(options.stateDir);
  if (running !== null) return running;
  mkdirSync(options.stateDir, { recursive: true, mode: 0o700 });
  await fillCompileCache(options);
  const child = spawnProxy(options);
  const end: { reason: string | null } = { reason: null };
  child.once('exit', (code, signal) => {
    // Two starts at once: the one that did not get the lock adopts the other.
    if (code !== describeErrorCode('locked').exit) end.reason = signal ?? `exit code ${code}`;
  });
  child.once('error', (error) => (end.reason = error.message));
  child.unref();
  const deadlineMs = performance.now() + (options.timeoutMs ?? 15_000);
  while (performance.now() < deadlineMs) {
    const found = await findProxy(options.stateDir);
    if (found !== null) return found;
    if (end.reason !== null) break;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  throw new LotseError(
    'unreachable',
    `the proxy did not start${end.reason === null ? ' in time' : `: ${end.reason}`}`,
    {
      details: lastLogLines(options.stateDir),
    },
  );
}

const proxyEntry = fileURLToPath(import.meta.resolve('./proxy.ts'));
const workerEntry = fileURLToPath(import.meta.resolve('./worker.ts'));

/** Nothing of the control plane's environment reaches the proxy. */
function environment(stateDir: string): NodeJS.ProcessEnv {
  return { NODE_COMPILE_CACHE: cacheFolder(stateDir) };
}

function cacheFolder(stateDir: string): string {
  return join(stateDir, 'compile-cache');
}

/**
 * The TypeScript compiler inside Node.js takes 18 MB of each process that loads it, for good. So what is compiled is put
 * into a cache beforehand, once, by processes that end at once.
 */
async function fillCompileCache(options: StartProxyOptions): Promise<void> {
  if (!proxyEntry.endsWith('.ts') || existsSync(cacheFolder(options.stateDir))) return;
  const run = (file: string, args: readonly string[]) =>
    new Promise<void>((resolve) => {
      const child = spawn(options.nodePath, ['--no-warnings', file, ...args], {
        stdio: 'ignore',
        env: environment(options.stateDir),
      });
      child.once('close', () => resolve());
      child.once('error', () => resolve());
    });
  await Promise.all([run(proxyEntry, ['--help']), run(workerEntry, [])]);
}

function spawnProxy(options: StartProxyOptions): ChildProcess {
  const log = openSync(join(options.stateDir, stateFiles.log), 'a', 0o600);
  const args = [
    '--max-semi-space-size=1',
    '--no-warnings',
    proxyEntry,
    '--state',
    options.stateDir,
    '--workers',
    String(options.workers ?? 1),
  ];
  try {
    return spawn(options.nodePath, args, {
      detached: true,
      stdio: ['ignore', log, log],
      cwd: options.stateDir,
      env: environment(options.stateDir),
    });
  } finally {
    closeSync(log);
  }
}

function lastLogLines(stateDir: string): readonly string[] {
  try {
    return readFileSync(join(stateDir, stateFiles.log), 'utf8').trimEnd().split('\n').slice(-20);
  } catch {
    return [];
  }
}
