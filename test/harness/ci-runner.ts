import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { layCable } from './other-machine.ts';

export interface CiRunner {
  readonly skip: false;
  /** Of this machine, as seen from there. */
  readonly gateway: string;
  /** Starts a job. */
  readonly start: (argv: readonly string[], wishes: JobWishes) => CiJob;
  readonly release: () => void;
}

interface JobWishes {
  readonly cwd: string;
  /** All variables that it has. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * A machine that runs jobs: in a network namespace of its own, which reaches this machine by a cable and nothing else; its
 * loopback is its own. Same files. Its jobs have a standard input that nobody writes to and that never ends, so one that
 * asks something hangs.
 */
export function startCiRunner(): CiRunner | { readonly skip: string } {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return { skip: 'other machines need root on Linux' };
  const id = randomBytes(4).toString('hex');
  try {
    const { gateway } = layCable(id);
    return {
      ...{ skip: false, gateway },
      start: (argv, { cwd, env }) => {
        const words = [`--net=/run/netns/lotse-${id}`, ...argv];
        return new CiJob(spawn('nsenter', words, { cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] }));
      },
      release: () => void execFileSync('ip', ['netns', 'delete', `lotse-${id}`], { stdio: 'ignore' }),
    };
  } catch (error) {
    return { skip: `no network of its own: ${error instanceof Error ? error.message : ''}` };
  }
}

export class CiJob {
  readonly ended: Promise<{ readonly exitCode: number | null; readonly stdout: string; readonly stderr: string }>;
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exitCode) => resolve({ exitCode, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** As a runner ends a job that was cancelled and does not listen: SIGKILL for all that it has started. */
  async kill(): Promise<void> {
    if (!this.hasEnded && this.#child.pid !== undefined) process.kill(-this.#child.pid, 'SIGKILL');
    await this.ended;
  }
}
