import type { UnixMs } from '../../core/ids.ts';

export interface IssuedToken {
  readonly token: string;
  /** How long it holds, in milliseconds; null: for ever. */
  readonly holdsMs: number | null;
}

/** A token of its own is asked for when a third of its time is left. */
const renewedAtShare = 2 / 3;

/** A token that ends, and is fetched anew before that. Those who ask at once wait for one fetch. */
export class ShortLivedToken {
  readonly #fetchToken: () => Promise<IssuedToken>;
  readonly #now: () => UnixMs;
  #held: { readonly token: string; readonly renewAt: UnixMs } | null = null;
  #fetching: Promise<string> | null = null;

  constructor(fetchToken: () => Promise<IssuedToken>, now: () => UnixMs) {
    this.#fetchToken = fetchToken;
    this.#now = now;
  }

  /** Errors: those of fetching one. */
  async get(): Promise<string> {
    if (this.#held !== null && this.#now() < this.#held.renewAt) return this.#held.token;
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = null;
    });
    return await this.#fetching;
  }

  /** It was refused: the next one is another. */
  forget(token: string): void {
    if (this.#held?.token === token) this.#held = null;
  }

  async #fetch(): Promise<string> {
    const { token, holdsMs } = await this.#fetchToken();
    this.#held = { token, renewAt: holdsMs === null ? Infinity : this.#now() + holdsMs * renewedAtShare };
    return token;
  }
}
