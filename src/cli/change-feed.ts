import type { Change, ControlPlane } from './control-plane.ts';

/**
 * Listens to what changes and says when it is worth asking again. It never fails: without a stream of changes it is a
 * clock.
 */
export class ChangeFeed {
  readonly #stop = new AbortController();
  readonly #listening: Promise<void>;
  #pending = false;
  #isOpen = true;
  #wake: (() => void) | null = null;

  constructor(plane: ControlPlane, concerns: (change: Change) => boolean) {
    this.#listening = this.#listen(plane, concerns);
  }

  /** Ends at the next change, or after a while: at most 2 s, 500 ms when there is no stream. */
  async next(signal: AbortSignal): Promise<void> {
    if (!this.#pending && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          this.#wake = null;
          resolve();
        };
        const timer = setTimeout(done, this.#isOpen ? 2000 : 500);
        signal.addEventListener('abort', done);
        this.#wake = done;
      });
    }
    this.#pending = false;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#listening;
  }

  async #listen(plane: ControlPlane, concerns: (change: Change) => boolean): Promise<void> {
    try {
      for await (const change of plane.changes(this.#stop.signal)) {
        if (!concerns(change)) continue;
        this.#pending = true;
        this.#wake?.();
      }
    } catch {
      // Whoever waits asks by the clock, and hears there what is wrong.
    }
    this.#isOpen = false;
  }
}
