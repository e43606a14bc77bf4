import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeErrorCode, LotseError } from '../core/errors.ts';
import { cacheFolder, fillCompileCache } from './succession/compile-cache.ts';
import { ProxyControl } from './control-client.ts';
import type { UpgradeResult } from './control-client.ts';
import { programBuild } from './succession/program-build.ts';
import { stateFiles } from './state-folder.ts';
import { spawnProxy } from './succession/spawn-proxy.ts';

export interface StartProxyOptions {
  readonly stateDir: string;
  /** The Node.js binary that runs the proxy. */
  readonly nodePath: string;
  /** Proxy workers; default 1. */
  readonly workers?: number;
  /** How long the proxy may take until it answers, in milliseconds; default 15,000. */
  readonly timeoutMs?: number;
  /** Through which the proxy is asked, and which is answered; default: one that opens a connection for each call. */
  readonly control?: ProxyControl;
}

const pollMs = 20;

/** Has a proxy ever served from this state folder? */
export function hasServed(stateDir: string): boolean {
  return existsSync(join(stateDir, stateFiles.document));
}

/** Returns a proxy that already runs on this state folder, or null. Errors: `bad-input` (path too long), `timeout` (it runs but does not answer). */
export async function findProxy(stateDir: string): Promise<ProxyControl | null> {
  return await answering(new ProxyControl(stateDir));
}

async function answering(control: ProxyControl): Promise<ProxyControl | null> {
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
  const control = given.control ?? new ProxyControl(options.stateDir);
  const running = await answering(control);
  if (running !== null) return running;
  mkdirSync(options.stateDir, { recursive: true, mode: 0o700 });
  if (!existsSync(cacheFolder(options.stateDir)))
    await fillCompileCache(options.stateDir, options.nodePath, proxyEntry);
  const { stateDir, nodePath, workers = 1 } = options;
  const { child, lastLogLines } = spawnProxy({ stateDir, nodePath, workers, entry: proxyEntry, isSuccessor: false });
  const end: { reason: string | null } = { reason: null };
  child.once('exit', (code, signal) => {
    // Two starts at once: the one that did not get the lock adopts the other.
    if (code !== describeErrorCode('locked').exit) end.reason = signal ?? `exit code ${code}`;
  });
  child.once('error', (error) => (end.reason = error.message));
  child.unref();
  const deadlineMs = performance.now() + (options.timeoutMs ?? 15_000);
  while (performance.now() < deadlineMs) {
    const found = await answering(control);
    if (found !== null) return found;
    if (end.reason !== null) break;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  throw new LotseError(
    'unreachable',
    `the proxy did not start${end.reason === null ? ' in time' : `: ${end.reason}`}`,
    { details: lastLogLines() },
  );
}

/**
 * Waits for a proxy that somebody else starts on this state folder, such as a service manager, and starts none.
 * Errors: `unreachable` when it does not answer within `timeoutMs` (default 15,000).
 */
export async function awaitProxy(control: ProxyControl, timeoutMs = 15_000): Promise<ProxyControl> {
  const deadlineMs = performance.now() + timeoutMs;
  do {
    const found = await answering(control);
    if (found !== null) return found;
    await new Promise((resolve) => setTimeout(resolve, 5 * pollMs));
  } while (performance.now() < deadlineMs);
  throw new LotseError('unreachable', `the proxy on ${control.stateDir} does not answer`, {
    hint: 'It is a unit of its own: `systemctl status lotse-proxy` and proxy.log in that folder say more.',
  });
}

/** What `ProxyStatus.build` says of a proxy that `startProxy` starts with the Node.js of this process. */
export function ownProxyBuild(): string {
  return programBuild();
}

/** Lets a running proxy hand over to one of this build. Errors: those of `ProxyControl.upgrade`. */
export async function upgradeToOwnBuild(proxy: ProxyControl, nodePath: string): Promise<UpgradeResult> {
  return await proxy.upgrade({ entry: proxyEntry, nodePath });
}

/** The proxy's main file in this build. */
const proxyEntry = fileURLToPath(import.meta.resolve('./proxy.ts'));
