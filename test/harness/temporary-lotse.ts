import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { freePorts } from '../../src/proxy/fixtures/running-proxy.ts';
import type { ControlPlaneOptions, ControlPlaneProcess, Started } from './control-plane-process.ts';
import { startControlPlane } from './control-plane-process.ts';
import { LotseClient } from './lotse-client.ts';
import { endProcessesOf } from './state-processes.ts';

type StartOptions = Partial<ControlPlaneOptions>;

/** A state folder of its own with real control planes, one after the other; all that runs on it ends after the test. */
export class TemporaryLotse {
  readonly folder: string;
  readonly state: string;
  readonly frontPort: number;
  readonly client: LotseClient;
  /** Given to each of its control planes that is not told others. */
  flags: readonly string[] = [];
  readonly #undo: (() => void)[] = [];
  #plane: ControlPlaneProcess | null = null;

  constructor(folder: string, frontPort: number) {
    this.folder = folder;
    this.state = join(folder, 'state');
    this.frontPort = frontPort;
    this.client = new LotseClient(() => this.plane);
  }

  get plane(): ControlPlaneProcess {
    if (this.#plane === null) throw new Error('no control plane was started');
    return this.#plane;
  }

  /** Starts a control plane that must serve. */
  async start(options: StartOptions = {}): Promise<ControlPlaneProcess> {
    const started = await this.tryStart(options);
    if (started.kind === 'ready') return started.plane;
    throw new Error(`the control plane did not start: ${JSON.stringify({ ...started, plane: undefined })}`);
  }

  async tryStart(options: StartOptions = {}): Promise<Started> {
    const started = await startControlPlane({
      ...{ state: this.state, frontPort: this.frontPort, flags: this.flags },
      ...options,
    });
    if (started.kind !== 'problem') this.#plane = started.plane;
    return started;
  }

  /** Ends the control plane with SIGTERM (app and proxy go on) and starts one anew. */
  async restart(options: StartOptions = {}): Promise<ControlPlaneProcess> {
    await this.plane.end('SIGTERM');
    return await this.start(options);
  }

  get databaseFile(): string {
    return join(this.state, 'control', 'lotse.sqlite');
  }

  /** A second connection, as somebody with a SQLite shell has it. */
  changeDatabase(change: (database: DatabaseSync) => void): void {
    const database = new DatabaseSync(this.databaseFile, { timeout: 5_000 });
    try {
      change(database);
    } finally {
      database.close();
    }
  }

  get proxyPid(): number {
    return Number(JSON.parse(readFileSync(join(this.state, 'proxy', 'proxy.pid'), 'utf8')).pid);
  }

  /** Lines of a file in the shop's store; none when it is not there. */
  stored(file: string, environment = 'production'): readonly string[] {
    return linesOf(this.storePath(file, environment));
  }

  /** What its control planes could not do, one JSON text each. */
  get problems(): readonly string[] {
    return linesOf(join(this.state, 'control', 'control-plane.log'));
  }

  storePath(file: string, environment = 'production'): string {
    return join(this.state, 'stores', 'shop', environment, 'data', file);
  }

  /** The environment's own port. */
  async port(environment = 'production'): Promise<number> {
    const { addresses } = await this.client.environment(environment);
    return Number(new URL(addresses.at(-1) ?? '').port);
  }

  /** Called after the last process has ended, before the folder goes. */
  beforeRemoval(undo: () => void): void {
    this.#undo.push(undo);
  }

  async dispose(): Promise<void> {
    await endProcessesOf(this.folder);
    for (const undo of this.#undo.splice(0)) undo();
    execFileSync('chmod', ['-R', 'u+rwX', this.folder]); // Sealed folders, for those who are not root.
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

/** None when it is not there. */
function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}

/** A fresh state folder without a control plane yet; `t` is a test's context. */
export async function temporaryLotse(t: { after(end: () => Promise<void>): void }): Promise<TemporaryLotse> {
  const folder = mkdtempSync(join(tmpdir(), 'lotse-whole-'));
  chmodSync(folder, 0o711); // Users of the environments pass through it.
  const [frontPort = 0] = await freePorts(1);
  const lotse = new TemporaryLotse(folder, frontPort);
  // A run that is cut short (its time is over, Ctrl-C) leaves nothing behind either.
  const cut = (): void => void lotse.dispose().finally(() => process.exit(1));
  process.once('SIGTERM', cut).once('SIGINT', cut);
  t.after(async () => {
    process.off('SIGTERM', cut).off('SIGINT', cut);
    await lotse.dispose();
  });
  return lotse;
}
