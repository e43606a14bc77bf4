import { setTimeout as wait } from 'node:timers/promises';
import { toLotseError } from '../../core/errors.ts';
import type { UnixMs } from '../../core/ids.ts';
import { countEveryMs, type Engine } from '../../engine/engine.ts';

interface SeriesKeeperParts {
  readonly engine: Pick<Engine, 'count'>;
  readonly now: () => UnixMs;
  readonly log: (about: object) => void;
}

/** Has the engine count when a bucket of the series is over, whether or not a rollout is judged. */
export class SeriesKeeper {
  readonly #parts: SeriesKeeperParts;
  readonly #closing = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  /** What was told last: a proxy that is away is told of once. */
  #problem: string | null = null;

  constructor(parts: SeriesKeeperParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#count();
      const restMs = countEveryMs - (this.#parts.now() % countEveryMs);
      await wait(restMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #count(): Promise<void> {
    const problem = await this.#parts.engine.count().then(
      () => null,
      (error: unknown) => toLotseError(error).message,
    );
    if (problem !== null && problem !== this.#problem) this.#parts.log({ during: 'counting requests', error: problem });
    this.#problem = problem;
  }
}
