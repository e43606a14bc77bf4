import { LotseError } from '../core/errors.ts';
import type { Command } from '../rollout/facts.ts';

/** A person's command on its way to the machine; exactly one of the two is called. */
export interface WaitingCommand {
  readonly command: Command;
  /** It was written, or changed nothing; or it was refused, and why. */
  readonly answer: (refused: string | null) => void;
  readonly fail: (error: unknown) => void;
}

/** Commands in the order in which they came. Each one is answered, also when the loop ends. */
export class CommandQueue {
  #waiting: WaitingCommand[] = [];
  #closedBecause: string | null = null;

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Resolves when the command is written. Errors: `conflict` when it does not apply, and what writing it may throw. */
  async ask(command: Command): Promise<void> {
    if (this.#closedBecause !== null) throw new LotseError('conflict', this.#closedBecause);
    const { promise, resolve, reject } = Promise.withResolvers<string | null>();
    this.#waiting.push({ command, answer: resolve, fail: reject });
    const refused = await promise;
    if (refused !== null) throw new LotseError('conflict', refused);
  }

  take(): WaitingCommand | null {
    return this.#waiting.shift() ?? null;
  }

  close(because: string): void {
    this.#closedBecause = because;
    for (const waiting of this.#waiting.splice(0)) waiting.answer(because);
  }
}
