import type { Duplex } from 'node:stream';
import { LotseError } from '../core/errors.ts';
import type { EngineAddress } from './engine-address.ts';
import { SshProcess } from './ssh-process.ts';
import type { SshOptions } from './ssh-process.ts';

const firstDelayMs = 250;
const longestDelayMs = 30_000;

/**
 * The way to an engine on another machine by one system ssh process, which is started by the first connection and ends
 * with this process, however that ends. One that has ended is started again by the next connection. After a start that
 * failed the next one waits, longer each time; until then connections fail at once, with what ssh said last.
 */
export class SshTunnel {
  readonly #options: SshOptions;
  #starting: Promise<SshProcess> | null = null;
  #failure: unknown = null;
  #delayMs = 0;
  #againAtMs = 0;
  readonly #closing = new AbortController();

  constructor(options: SshOptions) {
    this.#options = options;
  }

  get engineAddress(): EngineAddress {
    return { kind: 'tunnel', name: this.#options.name, open: () => this.open() };
  }

  /** Errors: `EngineError` with what ssh said and what to do about it, `cancelled` after `close`. */
  async open(): Promise<Duplex> {
    const ssh = await this.#ssh();
    try {
      return await ssh.connect();
    } catch (error) {
      if (!ssh.hasEnded) throw error;
      return await (await this.#ssh()).connect();
    }
  }

  /** Resolves when ssh is gone. */
  async close(): Promise<void> {
    this.#closing.abort();
    const ssh = await this.#starting?.catch(() => null);
    await ssh?.stop();
  }

  async #ssh(): Promise<SshProcess> {
    const starting = this.#starting;
    if (starting !== null) {
      const running = await starting.catch(() => null);
      if (running?.hasEnded === false) return running;
      if (this.#starting === starting) this.#starting = null;
    }
    if (this.#closing.signal.aborted) {
      throw new LotseError('cancelled', `The connection to ${this.#options.name} was closed.`);
    }
    if (this.#starting === null && performance.now() < this.#againAtMs) throw this.#failure;
    return await (this.#starting ??= this.#start());
  }

  async #start(): Promise<SshProcess> {
    try {
      const ssh = await SshProcess.start(this.#options, this.#closing.signal);
      this.#delayMs = 0;
      return ssh;
    } catch (error) {
      this.#failure = error;
      this.#delayMs = Math.min(longestDelayMs, Math.max(firstDelayMs, this.#delayMs * 2));
      this.#againAtMs = performance.now() + this.#delayMs;
      throw error;
    }
  }
}
