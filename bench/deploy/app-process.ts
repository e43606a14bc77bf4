import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** The app under deployment: its folder, its name as in lotse.yaml there, and its program. */
export const appFolder = fileURLToPath(new URL('app/', import.meta.url));
export const appName = 'benchapp';
export const appProgram = join(appFolder, 'server.mjs');

const pollMs = 10;
const patienceMs = 60_000;

/** The app under deployment as a plain process, for methods that start it themselves. */
export class AppProcess {
  readonly #child: ChildProcess;
  readonly #port: number;

  constructor(version: string, port: number) {
    this.#port = port;
    const env = { PORT: `${port}`, LOTSE_RELEASE: version };
    this.#child = spawn(process.execPath, [appProgram], { env, stdio: 'ignore' });
  }

  async untilReady(): Promise<void> {
    await untilHealthy(this.#port);
  }

  /** As an operator would: SIGTERM, and wait until it has finished what it has. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }
}

/** One copy on each port; resolves when all of them are healthy. */
export async function startApps(version: string, ports: readonly number[]): Promise<readonly AppProcess[]> {
  const apps = ports.map((port) => new AppProcess(version, port));
  await Promise.all(apps.map((app) => app.untilReady()));
  return apps;
}

/** Resolves when `/healthz` answers 200. */
export async function untilHealthy(port: number, host = '127.0.0.1'): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await isHealthy(port, host))) {
    if (performance.now() > deadline) throw new Error(`nothing healthy at ${host}:${port} after ${patienceMs} ms`);
    await sleep(pollMs);
  }
}

async function isHealthy(port: number, host: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const request = get({ host, port, path: '/healthz', agent: false, timeout: 2_000 }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode === 200));
    });
    request.on('timeout', () => request.destroy()).on('error', () => resolve(false));
  });
}

/** How long the app takes from its start to its first good answer when nobody disturbs it, in milliseconds. */
export async function measureBootMs(port: number): Promise<number> {
  const startMs = performance.now();
  const app = new AppProcess('boot', port);
  try {
    await app.untilReady();
    return performance.now() - startMs;
  } finally {
    await app.end();
  }
}
