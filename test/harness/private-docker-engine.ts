import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DockerEngine } from '../../src/docker-engine/docker-engine.ts';
import { isLiving } from './state-processes.ts';

export interface PrivateEngineOptions {
  /** All that is of this engine lies here, on a disk: its images, its socket `sock`, its log. */
  readonly folder: string;
  /** With the folders of dockerd and containerd. */
  readonly searchPath: string;
  /** Further arguments of dockerd. */
  readonly dockerdArguments?: readonly string[];
  /** Put in front of dockerd, to start it somewhere else; it has to become dockerd in the end (exec). */
  readonly prefix?: readonly string[];
}

const run = promisify(execFile);

/** A dockerd with its containerd, by hand: no service, no file outside its folder but `/etc/docker/key.json`. Needs root. */
export class PrivateDockerEngine {
  readonly engine: DockerEngine;
  readonly #options: PrivateEngineOptions;
  #dockerd: ChildProcess | null = null;

  constructor(options: PrivateEngineOptions) {
    this.#options = options;
    this.engine = new DockerEngine({ kind: 'socket', path: join(options.folder, 'sock') });
  }

  get pid(): number | null {
    return this.#dockerd?.pid ?? null;
  }

  /** Resolves when it answers. An error has the last lines of its log. */
  async start(): Promise<void> {
    const { folder, searchPath, prefix = [], dockerdArguments = [] } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o711 });
    const log = openSync(join(folder, 'log'), 'a');
    const places = ['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')];
    const [program = '', ...rest] = [
      ...[...prefix, 'dockerd', ...places, '--pidfile', join(folder, 'pid')],
      ...['-H', `unix://${join(folder, 'sock')}`, '--shutdown-timeout', '1', ...dockerdArguments],
    ];
    const env = { ...process.env, PATH: searchPath };
    const dockerd = spawn(program, rest, { detached: true, stdio: ['ignore', log, log], env });
    closeSync(log);
    this.#dockerd = dockerd;
    const until = performance.now() + 60_000;
    while (!(await this.#answers())) {
      if (dockerd.exitCode === null && dockerd.signalCode === null && performance.now() < until) await pause(50);
      else throw new Error(`dockerd did not start:\n${await this.#endOfLog()}`);
    }
  }

  /**
   * SIGKILL to dockerd: containers go on, as after a crash. Its containerd dies with it; the next dockerd would wait for a
   * corpse that nobody has reaped yet, so it is not told of it.
   */
  async kill(): Promise<void> {
    await this.#end('SIGKILL', 10_000);
    const pidFile = join(this.#options.folder, 'exec/containerd/containerd.pid');
    const pid = Number(read(pidFile));
    for (let tries = 0; tries < 2_000 && pid > 0 && isLiving(pid); tries++) await pause(20);
    await rm(pidFile, { force: true });
  }

  /** SIGTERM, as its service would: the containers end too, but with `--live-restore`. */
  async stop(): Promise<void> {
    if (!(await this.#end('SIGTERM', 20_000))) await this.kill();
  }

  /** Ends all of it and removes what it has left: processes, mounts, the folder. */
  async remove(): Promise<void> {
    await this.stop();
    this.engine.close();
    await removeLeftovers(this.#options.folder);
  }

  async #end(signal: NodeJS.Signals, withinMs: number): Promise<boolean> {
    const dockerd = this.#dockerd;
    if (dockerd === null || dockerd.exitCode !== null || dockerd.signalCode !== null) return true;
    const ended = new Promise<true>((resolve) => dockerd.once('exit', () => resolve(true)));
    dockerd.kill(signal);
    return await Promise.race([ended, pause(withinMs, false, { ref: false })]);
  }

  async #answers(): Promise<boolean> {
    return await this.engine.ping(5000).then(
      () => true,
      () => false,
    );
  }

  async #endOfLog(): Promise<string> {
    const text = await readFile(join(this.#options.folder, 'log'), 'utf8').catch(() => '');
    return text.split('\n').slice(-15).join('\n');
  }
}

/** Ends every process that names the folder, with its children, and removes the folder with what is mounted in it. */
export async function removeLeftovers(folder: string): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const pids = processesOf(folder);
    if (pids.length === 0) break;
    for (const pid of pids) trySignal(pid);
    await pause(50);
  }
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '');
  const below = mounts.filter((path) => path.startsWith(`${folder}/`)).toReversed();
  for (const path of below) await run('umount', ['-l', path]).catch(() => undefined);
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** dockerd, containerd and its shims name the folder in their arguments; containers are children of shims. */
function processesOf(folder: string): readonly number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const parents = new Map(
    all.map((pid) => [Number(pid), Number(read(`/proc/${pid}/stat`).split(') ')[1]?.split(' ')[1])]),
  );
  const found = new Set(
    all
      .filter(
        (pid) =>
          /^(?:\S*\/)?(?:dockerd|containerd|containerd-shim\S*)\0/.test(read(`/proc/${pid}/cmdline`)) &&
          read(`/proc/${pid}/cmdline`).includes(folder),
      )
      .map(Number),
  );
  for (let size = -1; size !== found.size;) {
    size = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // It has ended.
  }
}

function trySignal(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
