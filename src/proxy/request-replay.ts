/** The request body so far, kept while it is small enough to be sent (again). */
export class RequestReplay {
  readonly #maxBytes: number;
  #chunks: Buffer[] | null = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Null when a part is no longer there. */
  get chunks(): readonly Buffer[] | null {
    return this.#chunks;
  }

  get isFull(): boolean {
    return this.#bytes > this.#maxBytes;
  }

  /** `mustKeep`: nobody has got it yet, so it is kept whatever its size. */
  add(chunk: Buffer, mustKeep: boolean): void {
    if (this.#chunks === null) return;
    this.#bytes += chunk.length;
    if (mustKeep || !this.isFull) this.#chunks.push(chunk);
    else this.#chunks = null;
  }

  forget(): void {
    this.#chunks = null;
  }
}
