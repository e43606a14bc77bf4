import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export type RunOptions = {
  /** Holds both stores; made when it is not there. */
  readonly dataDir: string;
  /** 0: a free one. */
  readonly port: number;
  /** Where the app is; this folder, if not another copy of it. */
  readonly appDir?: string;
  readonly release?: string;
  /** How many copies of each worker; none of one that is not named. */
  readonly workers: { readonly [worker: string]: number };
  readonly withDashboard?: boolean;
  readonly variables?: { readonly [name: string]: string };
  /** Options of node, such as `--watch`. */
  readonly nodeOptions?: readonly string[];
  readonly onLine: (service: string, line: string) => void;
};

export type RunningApp = {
  /** Where the dashboard answers; '' without one. */
  readonly url: string;
  readonly processes: readonly { readonly service: string; readonly process: ChildProcess }[];
  /** SIGTERM to all, SIGKILL to those that are still there after ten seconds. */
  readonly stop: () => Promise<void>;
};

/** Starts the services of the app as Lotse would: each a process of its own, told what it needs by variables. */
export async function runApp(options: RunOptions): Promise<RunningApp> {
  await mkdir(options.dataDir, { recursive: true });
  const workers = Object.entries(options.workers).flatMap(([worker, copies]) => Array<string>(copies).fill(worker));
  const dashboards = options.withDashboard === false ? [] : ['dashboard'];
  const listening = Promise.withResolvers<string>();
  const onLine = (service: string, line: string) => {
    options.onLine(service, line);
    const port = service === 'dashboard' ? /"message":"listening","port":(\d+)/.exec(line)?.[1] : undefined;
    if (port !== undefined) listening.resolve(`http://127.0.0.1:${port}`);
  };
  const processes = [...dashboards, ...workers].map((service) => ({
    service,
    process: start(service, options, onLine),
  }));
  const dashboard = processes.find(({ service }) => service === 'dashboard')?.process;
  if (dashboard === undefined) listening.resolve('');
  else void once(dashboard, 'exit').then(() => listening.reject(new Error('the dashboard ended before it listened')));
  const stop = async () => {
    await Promise.all(processes.map(({ process }) => end(process)));
  };
  try {
    return { url: await listening.promise, processes, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function start(service: string, options: RunOptions, onLine: RunOptions['onLine']): ChildProcess {
  const file = service === 'dashboard' ? 'dashboard/server.ts' : `workers/${service}.ts`;
  const child = spawn(process.execPath, [...(options.nodeOptions ?? []), file], {
    cwd: options.appDir ?? import.meta.dirname,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      DOCUMENTS_DIR: join(options.dataDir, 'documents'),
      PICTURES_DIR: join(options.dataDir, 'pictures'),
      PORT: String(options.port),
      LOTSE_SERVICE: service,
      LOTSE_RELEASE: options.release ?? 'dev',
      ...options.variables,
    },
  });
  for (const output of [child.stdout, child.stderr]) {
    createInterface({ input: output }).on('line', (line) => onLine(service, line));
  }
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await gone;
  clearTimeout(timer);
}
