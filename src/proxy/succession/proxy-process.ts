import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LotseError, toLotseError } from '../../core/errors.ts';
import { bodyOf, callControl } from '../control-call.ts';
import { controlRoutes } from '../control-routes.ts';
import { serveControl } from '../control-server.ts';
import { handOverProtocol } from './hand-over-messages.ts';
import { Predecessor } from './predecessor.ts';
import { identityOf } from './process-identity.ts';
import { ProxyParent } from '../proxy-parent.ts';
import type { ProxyHost } from '../proxy-parent.ts';
import { controlSocketPath, inheritLock, lockStateFolder, lockSuccession } from '../state-folder.ts';
import { stateFiles, writeDurably } from '../state-folder.ts';
import type { FileLock } from '../state-folder.ts';
import { writeLog } from '../write-log.ts';

/** Calls that arrived before the hand-over are still answered here. */
const forwardMs = 60_000;
const lingerMs = 1_000;

/** The process of the proxy's parent: its lock, its control socket, its signals, and how it comes and goes. */
export class ProxyProcess implements ProxyHost {
  readonly stateDir: string;
  readonly workers: number;
  readonly #socketPath: string;
  readonly #proxy: ProxyParent;
  readonly #ready: Promise<void>;
  #resolveReady: () => void = () => {};
  #lock: FileLock | null = null;
  /** Tells the control socket that this process has bound from one that another has put in its place. */
  #socketInode = 0;
  /** Each time this process has begun to answer on the control socket. */
  readonly #sendingCallersAway: (() => void)[] = [];
  #openCalls = 0;
  #isStopping = false;

  constructor(stateDir: string, workers: number) {
    this.stateDir = stateDir;
    this.workers = workers;
    this.#socketPath = controlSocketPath(stateDir);
    this.#ready = new Promise((resolve) => (this.#resolveReady = resolve));
    this.#proxy = new ProxyParent(this);
    process.on('SIGTERM', () => this.#stop('SIGTERM'));
    process.on('SIGINT', () => this.#stop('SIGINT'));
    process.on('SIGHUP', () => {});
  }

  log(text: string): void {
    writeLog(text);
  }

  async start(): Promise<void> {
    this.#lock = lockStateFolder(this.stateDir);
    await this.#proxy.start();
    this.#own();
  }

  /** Takes over from the process that has forked this one. Returns when it listens to it. */
  async succeed(): Promise<void> {
    const succession = await lockSuccession(this.stateDir);
    const proxy = this.#proxy;
    const predecessor: Predecessor = new Predecessor({
      prepare: (document) => proxy.prepare(document),
      takeOver: (sockets, legacy) => proxy.takeOver(predecessor, sockets, legacy),
      confirmed: async (legacy) => {
        this.#lock = await inheritLock(this.stateDir);
        succession.release();
        this.#own();
        await proxy.ownAll(legacy);
      },
      take: (origin, handle) => proxy.take(origin, handle),
      failed: (error) => {
        this.log(error === null ? 'the proxy that would hand over has gone' : toLotseError(error).message);
        process.exit(1);
      },
    });
    if (!predecessor.isOpen) throw new LotseError('bad-input', 'only a running proxy starts its successor');
    const { proxyStart, build } = proxy;
    predecessor.tellStarted({ protocol: handOverProtocol, proxyStart, build });
  }

  /** Says who owns the state folder. */
  #own(): void {
    const { proxyStart, build } = this.#proxy;
    try {
      const identity = JSON.stringify({ ...identityOf(process.pid), proxyStart });
      writeDurably(join(this.stateDir, stateFiles.identity), identity);
      writeDurably(join(this.stateDir, stateFiles.unitPid), `${process.pid}\n`);
    } catch (error) {
      // It helps people to find the proxy; the lock is what counts.
      this.log(toLotseError(error).message);
    }
    this.#resolveReady();
    this.log(`serving (start ${proxyStart}, ${build})`);
  }

  async serveControl(): Promise<void> {
    const routes = controlRoutes(this.#proxy, {
      ready: this.#ready,
      stopped: () => this.#end(0),
      forward: (method, path, body) =>
        callControl(this.#socketPath, { method, path, body: bodyOf(body), timeoutMs: forwardMs }),
    });
    const sendAway = await serveControl(this.#socketPath, async (...call) => {
      this.#openCalls++;
      return await routes(...call).finally(() => this.#openCalls--);
    });
    this.#sendingCallersAway.push(sendAway);
    this.#socketInode = statSync(this.#socketPath).ino;
  }

  async keepControl(): Promise<void> {
    if (statSync(this.#socketPath, { throwIfNoEntry: false })?.ino !== this.#socketInode) await this.serveControl();
  }

  letGo(): void {
    this.log('handed over');
    for (const sendAway of this.#sendingCallersAway) sendAway();
    this.#lock?.release();
    this.#lock = null;
  }

  exit(): void {
    void sleep(lingerMs).then(async () => {
      for (let i = 0; this.#openCalls > 0 && i < 100; i++) await sleep(100);
      this.log('finished after the hand-over');
      process.exit(0);
    });
  }

  /** The first signal drains, the second ends at once. */
  #stop(signal: string): void {
    this.log(signal);
    if (this.#isStopping) return this.#end(1);
    this.#isStopping = true;
    void this.#proxy.stop(30_000).then(() => this.#end(0));
  }

  #end(code: number): void {
    this.#lock?.release();
    process.exit(code);
  }
}
