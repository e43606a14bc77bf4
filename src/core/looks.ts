import type { Scope } from './ids.ts';

/** What looks different in an environment, though nothing was decided: looks are no events, and no journal has them. */
export interface Look extends Scope {
  readonly what: 'instances' | 'judgement' | 'traffic' | 'jobs' | 'messages';
}

/** Hands on what looks different to whoever shows it. */
export class Looks {
  readonly #listeners = new Set<(look: Look) => void>();

  /** Answers how to stop listening. */
  onLook(listener: (look: Look) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  tell({ app, environment, what }: Look): void {
    for (const listener of this.#listeners) listener({ app, environment, what });
  }
}
