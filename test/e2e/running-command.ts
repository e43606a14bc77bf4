import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

export interface CommandWishes {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface CommandEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  /** Both outputs, for messages of assertions. */
  readonly said: string;
}

/** A command as a person's shell runs it: by its name, in a process group of its own. */
export class RunningCommand {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  readonly #line: string;
  #stdout = '';
  #said = '';

  constructor(line: readonly [string, ...string[]], { cwd, env }: CommandWishes) {
    const [program, ...args] = line;
    this.#line = line.join(' ');
    this.#child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#said += text;
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#said += text));
    this.#closed = once(this.#child, 'close');
    this.#closed.catch(() => undefined); // whoever waits for the end hears of it
  }

  /** Waits until it has printed this; fails with all that it said when it ends before or takes too long. */
  async until(pattern: RegExp, withinMs: number): Promise<RegExpExecArray> {
    const deadlineMs = performance.now() + withinMs;
    for (;;) {
      const found = pattern.exec(this.#stdout);
      if (found !== null) return found;
      const { exitCode, signalCode } = this.#child;
      if (exitCode !== null || signalCode !== null) throw this.#failed(`ended before it said ${pattern}`);
      if (performance.now() > deadlineMs) throw this.#failed(`did not say ${pattern} within ${withinMs / 1000} s`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** Ctrl-C: a terminal sends SIGINT to every process of the group in its foreground. */
  async interrupt(withinMs: number): Promise<CommandEnd> {
    const { pid } = this.#child;
    if (pid !== undefined) process.kill(-pid, 'SIGINT');
    return await this.end(withinMs);
  }

  async end(withinMs: number): Promise<CommandEnd> {
    const inTime = await Promise.race([this.#closed.then(() => true), isOver(withinMs)]);
    if (!inTime) throw this.#failed(`did not end within ${withinMs / 1000} s`);
    const { exitCode, signalCode: signal } = this.#child;
    return { exitCode, signal, stdout: this.#stdout, said: this.#said };
  }

  #failed(how: string): Error {
    return new Error(`\`${this.#line}\` ${how}. It said:\n${this.#said}`);
  }
}

async function isOver(withinMs: number): Promise<false> {
  const { promise, resolve } = Promise.withResolvers<false>();
  setTimeout(resolve, withinMs, false).unref();
  return await promise;
}
