import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { LotseError } from '../core/errors.ts';
import type { ServerAddress } from '../core/server-address.ts';
import { EngineError } from './engine-errors.ts';
import { explainSsh } from './ssh-words.ts';

export type SshAddress = Extract<ServerAddress, { kind: 'ssh' }>;

export interface SshOptions {
  readonly address: SshAddress;
  /** For messages. */
  readonly name: string;
  /** Where its socket file is; made, for its owner alone. */
  readonly folder: string;
  /** Further arguments, `-F FILE` say. Default: none, so that the user's own configuration counts. */
  readonly sshArguments?: readonly string[];
  /** Until an engine has answered through it. Default: 20 s. */
  readonly startTimeoutMs?: number;
}

/** A unix socket's path may have so many bytes (`sun_path` in unix(7), the smaller of Linux and BSD). */
const longestSocketPath = 103;
const keptWordsBytes = 4096;
const pollMs = 25;
const pingMs = 10_000;

/**
 * Becomes ssh, and ends with whoever holds its standard input, however that ends: a line says that all is well, an end
 * without one that nobody is there any more.
 */
const script = `exec 3<&0
{ read -r _ <&3 || kill $$; } >/dev/null 2>&1 &
exec ssh "$@" 3<&- </dev/null`;

/** One system ssh that forwards a socket file to the engine's one on another machine. */
export class SshProcess {
  readonly #options: SshOptions;
  readonly #child: ChildProcess;
  readonly #socketPath: string;
  #words = '';
  /** How it ended; null: it runs. */
  #end: string | null = null;
  readonly ended: Promise<void>;

  private constructor(options: SshOptions, socketPath: string) {
    this.#options = options;
    this.#socketPath = socketPath;
    // A session of its own: an interrupt at the terminal is not meant for it.
    const child = spawn('sh', ['-c', script, 'ssh', ...argumentsOf(options, socketPath)], {
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    this.#child = child;
    child.stdin?.on('error', () => undefined); // It has ended, which is heard below.
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      this.#words = `${this.#words}${text}`.slice(-keptWordsBytes);
    });
    this.ended = new Promise((resolve) => {
      const end = (how: string): void => {
        this.#end ??= how;
        child.stdin?.end('\n');
      };
      child.once('error', (error) => end(error.message));
      child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
      child.once('close', () => resolve());
    });
    child.unref();
    // parsed: pipes of a child are sockets
    for (const pipe of [child.stdin, child.stderr] as (Socket | null)[]) pipe?.unref();
  }

  /** Answers when the engine has answered through it. Errors: `EngineError`, with the last words of ssh. */
  static async start(options: SshOptions, signal: AbortSignal): Promise<SshProcess> {
    const socketPath = join(options.folder, 'engine.sock');
    if (Buffer.byteLength(socketPath) > longestSocketPath) {
      throw new LotseError('bad-input', `${socketPath} is too long for a unix socket`, {
        hint: 'Choose a state folder with a shorter path.',
      });
    }
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    await rm(socketPath, { force: true });
    const ssh = new SshProcess(options, socketPath);
    const giveUp = (): void => void ssh.#child.kill('SIGTERM');
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      await ssh.#untilEngineAnswers();
      return ssh;
    } catch (error) {
      await ssh.stop();
      throw error;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  get hasEnded(): boolean {
    return this.#end !== null;
  }

  /** Through it to the engine; whether one is there shows only with the first answer. */
  async connect(): Promise<Socket> {
    const socket = connect(this.#socketPath);
    await once(socket, 'connect');
    return socket;
  }

  /** Resolves when it is gone. */
  async stop(): Promise<void> {
    if (this.#end === null) this.#child.kill('SIGTERM');
    const killing = setTimeout(() => this.#child.kill('SIGKILL'), 2_000);
    await this.ended;
    clearTimeout(killing);
    await rm(this.#socketPath, { force: true });
  }

  async #untilEngineAnswers(): Promise<void> {
    const { startTimeoutMs = 20_000, name } = this.#options;
    const untilMs = performance.now() + startTimeoutMs;
    while (!(await this.#isForwarding())) {
      if (this.#end !== null) {
        await this.ended; // All words are there then.
        throw this.explain();
      }
      if (performance.now() > untilMs) {
        throw new EngineError('late', `ssh had no connection to ${name} within ${startTimeoutMs / 1000} s.`, {
          hint: `Try \`ssh ${targetOf(this.#options.address)}\` as the user that runs Lotse.`,
          details: lastLines(this.#words),
        });
      }
      await pause(pollMs);
    }
    if (await this.#engineAnswers()) return;
    await pause(100); // What ssh says about it comes beside, on another pipe.
    throw this.explain();
  }

  async #isForwarding(): Promise<boolean> {
    try {
      (await this.connect()).destroy();
      return true;
    } catch {
      return false;
    }
  }

  async #engineAnswers(): Promise<boolean> {
    const socket = await this.connect().catch(() => null);
    if (socket === null) return false;
    socket.setTimeout(pingMs, () => socket.destroy());
    const answered = new Promise<boolean>((resolve) => {
      socket.on('error', () => resolve(false)).once('close', () => resolve(false));
      socket.once('data', () => resolve(true));
    });
    socket.write('GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n');
    return await answered.finally(() => socket.destroy());
  }

  /** What its last words mean, and what to do. */
  explain(): EngineError {
    return explainSsh(this.#options, targetOf(this.#options.address), lastLines(this.#words), this.#end);
  }
}

function argumentsOf({ address, sshArguments = [] }: SshOptions, socketPath: string): readonly string[] {
  const settings = [
    'BatchMode=yes',
    'ExitOnForwardFailure=yes',
    'ConnectTimeout=10',
    'ServerAliveInterval=10',
    'ServerAliveCountMax=3',
    'StreamLocalBindUnlink=yes',
    'StreamLocalBindMask=0177',
    // One of its own, whatever the user's configuration shares.
    'ControlMaster=no',
    'ControlPath=none',
    'RemoteCommand=none',
    'LogLevel=INFO',
  ];
  return [
    ...sshArguments,
    ...['-N', '-T', '-a', '-x'],
    ...settings.flatMap((setting) => ['-o', setting]),
    // ssh reads tokens like %h in such paths.
    ...['-L', `${socketPath.replaceAll('%', '%%')}:${address.socket}`],
    ...(address.port === null ? [] : ['-p', `${address.port}`]),
    ...(address.user === null ? [] : ['-l', address.user]),
    ...['--', address.host],
  ];
}

/** As a person would type it. */
function targetOf({ user, host, port }: SshAddress): string {
  const at = user === null ? host : `${user}@${host}`;
  return port === null ? at : `-p ${port} ${at}`;
}

function lastLines(words: string): readonly string[] {
  return words
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(-5);
}
