/** Bounds what costs us something and brings nothing: a bucket that holds `burst` and is refilled by `perS` each second. */
export class NuisanceGuard {
  readonly #burst: number;
  readonly #perMs: number;
  #level: number;
  #sinceMs: number;

  constructor(burst: number, perS: number, nowMs: number) {
    this.#burst = burst;
    this.#perMs = perS / 1000;
    this.#level = burst;
    this.#sinceMs = nowMs;
  }

  /** Counts one. Returns false when there were too many. */
  take(nowMs: number): boolean {
    this.#level = Math.min(this.#burst, this.#level + (nowMs - this.#sinceMs) * this.#perMs);
    this.#sinceMs = nowMs;
    if (this.#level < 1) return false;
    this.#level--;
    return true;
  }
}
