import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../bin/lotse.mjs', import.meta.url));

export interface Ran {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, for messages of assertions. */
  readonly said: string;
}

interface Wishes {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The `lotse` command as a process that goes on until it is interrupted. */
export class RunningLotse {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  stdout = '';
  stderr = '';

  constructor(line: readonly string[], { cwd, env = {} }: Wishes) {
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith('LOTSE_'));
    this.#child = spawn(process.execPath, [program, ...line], {
      cwd,
      env: { ...Object.fromEntries(own), NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.#ended = once(this.#child, 'close');
  }

  get said(): string {
    return `${this.stdout}${this.stderr}`;
  }

  /** Waits until what it has printed on stdout so far satisfies; fails with all that it said when it ends or takes too long. */
  async until<T>(what: string, look: (stdout: string) => T | null | undefined | false, withinMs = 60_000): Promise<T> {
    const deadlineMs = performance.now() + withinMs;
    for (;;) {
      const found = look(this.stdout);
      if (found !== null && found !== undefined && found !== false) return found;
      if (this.#child.exitCode !== null || this.#child.signalCode !== null)
        throw new Error(`it ended before ${what}:\n${this.said}`);
      if (performance.now() > deadlineMs) throw new Error(`not within ${withinMs} ms: ${what}\n${this.said}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** Ctrl-C. A command that does not end within `withinMs` fails, and is killed. */
  async interrupt(withinMs = 60_000): Promise<Ran> {
    this.#child.kill('SIGINT');
    return await this.end(withinMs);
  }

  /** SIGKILL, as an out-of-memory killer does it. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  async end(withinMs: number): Promise<Ran> {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#child.kill('SIGKILL');
    }, withinMs);
    await this.#ended;
    clearTimeout(timer);
    const { exitCode } = this.#child;
    if (isLate) throw new Error(`it did not end within ${withinMs} ms:\n${this.said}`);
    return { exitCode, stdout: this.stdout, stderr: this.stderr, said: this.said };
  }
}

/** Runs a command to its end. */
export async function lotse(line: readonly string[], wishes: Wishes, withinMs = 120_000): Promise<Ran> {
  return await new RunningLotse(line, wishes).end(withinMs);
}
