import type { EngineParts } from './parts.ts';

interface Deadline {
  readonly atMs: number;
  readonly pass: () => void;
}

/**
 * Deadlines of calls that are under way. One timer serves all of them: there are very many calls, and hardly one of them
 * is overdue.
 */
export class Deadlines {
  readonly #clock: EngineParts['clock'];
  readonly #all = new Set<Deadline>();
  /** The rest until the first one; null: nobody rests. */
  #rest: { readonly untilMs: number; readonly wake: AbortController } | null = null;

  constructor(clock: EngineParts['clock']) {
    this.#clock = clock;
  }

  /** `pass` is called once the time is over, unless what is returned was called before. */
  set(afterMs: number, pass: () => void): () => void {
    const deadline = { atMs: this.#clock.uptime() + afterMs, pass };
    this.#all.add(deadline);
    if (this.#rest === null) void this.#watch();
    else if (deadline.atMs < this.#rest.untilMs) this.#rest.wake.abort();
    return () => void this.#all.delete(deadline);
  }

  /** Nothing is under way any more, or will be soon: nobody rests for that. */
  close(): void {
    if (this.#all.size === 0) this.#rest?.wake.abort();
  }

  async #watch(): Promise<void> {
    while (this.#all.size > 0) {
      const untilMs = Math.min(...[...this.#all].map(({ atMs }) => atMs));
      const wake = new AbortController();
      this.#rest = { untilMs, wake };
      await this.#clock.sleep(Math.max(1, untilMs - this.#clock.uptime()), wake.signal);
      const now = this.#clock.uptime();
      for (const deadline of this.#all) {
        if (deadline.atMs > now) continue;
        this.#all.delete(deadline);
        deadline.pass();
      }
    }
    this.#rest = null;
  }
}
