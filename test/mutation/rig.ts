import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const tickMs = 500;

/** The rig did not answer: it took too long, or its process ended. */
export interface Lost {
  readonly kind: 'lost';
  readonly how: string;
}

/** A process of its own below the sandbox, started when it is needed and anew when it is lost. */
export class Rig<Question extends object, Answer extends { readonly kind: string }> {
  readonly #root: string;
  readonly #entry: string;
  #child: ChildProcess | null = null;
  /** Questions that the process has answered. */
  #asked = 0;

  constructor(root: string, entry: string) {
    this.#root = root;
    this.#entry = entry;
  }

  /** Nothing of another question is left in the process. */
  get isFresh(): boolean {
    return this.#asked === 0;
  }

  /**
   * Asks and hears until `isLast`; lost when nothing is heard for `limitMs`. A mutant in `fromStart` is on before
   * anything is loaded.
   */
  async ask(
    question: Question,
    limitMs: number,
    isLast: (answer: Answer) => boolean,
    fromStart: string | null = null,
  ): Promise<Answer | Lost> {
    // A mutant may have left something behind that ended the process after its answer.
    if (fromStart !== null || this.#child?.connected === false) await this.close();
    const child = (this.#child ??= this.#start(fromStart));
    const endIt = () => child.kill('SIGKILL');
    process.once('exit', endIt);
    this.#asked++;
    const { promise, resolve } = Promise.withResolvers<Answer | Lost>();
    const lose = (how: string) => resolve({ kind: 'lost', how });
    // Ticks and not the clock: while both are stopped or the machine sleeps, nobody is late.
    let silentMs = 0;
    const tick = () => {
      silentMs += tickMs;
      if (silentMs > limitMs) lose(`nothing is heard for ${Math.round(limitMs / 1_000)} s`);
    };
    const timer = setInterval(tick, tickMs);
    const hear = (answer: Answer) => {
      silentMs = 0;
      if (isLast(answer)) resolve(answer);
    };
    const ended = (code: number | null) => lose(`its process ends with ${code ?? 'a signal'}`);
    const cutOff = () => lose('its process hangs up');
    child.on('message', hear).once('exit', ended).once('disconnect', cutOff);
    child.send(question, (error) => error && cutOff());
    const answer = await promise;
    clearInterval(timer);
    child.off('message', hear).off('exit', ended).off('disconnect', cutOff);
    process.off('exit', endIt);
    if (answer.kind === 'lost' || fromStart !== null) await this.close();
    return answer;
  }

  async close(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    this.#asked = 0;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  #start(fromStart: string | null): ChildProcess {
    const { __STRYKER_ACTIVE_MUTANT__: _, ...env } = process.env;
    return fork(join(this.#root, 'test', 'mutation', this.#entry), {
      cwd: this.#root,
      env: fromStart === null ? env : { ...env, __STRYKER_ACTIVE_MUTANT__: fromStart },
      execArgv: ['--max-old-space-size=1024', '--no-warnings'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
  }
}
