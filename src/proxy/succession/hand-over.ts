import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LotseError, toLotseError } from '../../core/errors.ts';
import type { RoutingDocument } from '../../core/routing-document.ts';
import { fillCompileCache } from './compile-cache.ts';
import { defaultReadyMs } from '../control-client.ts';
import type { UpgradeOptions, UpgradeResult } from '../control-client.ts';
import type { Legacy } from './hand-over-messages.ts';
import type { BoundSocket } from '../workers/listening-sockets.ts';
import { SuccessorProcess } from './successor-process.ts';

const defaultGraceMs = 600_000;

/** What a proxy hands over, and what it can be told to do about it. */
export interface Estate {
  readonly stateDir: string;
  readonly workerCount: number;
  readonly proxyStart: string;
  readonly build: string;
  document(): RoutingDocument | null;
  sockets(): Iterable<BoundSocket>;
  legacy(): Legacy;
  /** While `step` runs nothing of the estate changes. */
  inOrder<T>(step: () => Promise<T>): Promise<T>;
  /** From now on the successor owns everything; here only what is open is finished. */
  retireTo(successor: SuccessorProcess, graceMs: number): void;
  /** The successor failed when it may have taken the control socket already. */
  takeBackControl(): Promise<void>;
}

/**
 * Hands everything over to a new process. When that one fails at any point before it has confirmed, nothing has changed.
 * Errors: `unreachable` with the successor's last log lines, `bad-input`.
 */
export async function handOver(estate: Estate, options: UpgradeOptions): Promise<UpgradeResult> {
  const { stateDir, build, proxyStart } = estate;
  const entry = existing(options.entry ?? fileURLToPath(import.meta.resolve('../proxy.ts')));
  const nodePath = existing(options.nodePath ?? process.execPath);
  const untilMs = performance.now() + (options.readyMs ?? defaultReadyMs);
  await fillCompileCache(stateDir, nodePath, entry);
  const workers = options.workers ?? estate.workerCount;
  const successor = new SuccessorProcess({ stateDir, nodePath, entry, workers }, untilMs);
  try {
    const started = await successor.started();
    await bequeath(estate, successor, options.graceMs ?? defaultGraceMs);
    return { ...started, pid: successor.pid, previous: { pid: process.pid, proxyStart, build } };
  } catch (cause) {
    await successor.kill();
    await estate.takeBackControl();
    throw new LotseError('unreachable', `the successor did not take over: ${toLotseError(cause).message}`, {
      hint: 'The old proxy goes on as before.',
      details: successor.lastLogLines,
      cause,
    });
  }
}

/** Documents may still come while the successor prepares, but not while it takes over. */
async function bequeath(estate: Estate, successor: SuccessorProcess, graceMs: number): Promise<void> {
  const prepared = estate.document();
  await successor.prepare(prepared);
  await estate.inOrder(async () => {
    if (estate.document() !== prepared) await successor.prepare(estate.document());
    await successor.takeOver(estate.sockets(), estate.legacy());
    estate.retireTo(successor, graceMs);
  });
}

function existing(path: string): string {
  if (isAbsolute(path) && existsSync(path)) return path;
  throw new LotseError('bad-input', `${path} is not the absolute path of a file`);
}
