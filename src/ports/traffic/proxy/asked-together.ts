/**
 * One question at a time: whoever asks while it is being answered waits for the next answer, and all of them share that
 * one. So each answer is newer than its question, and many who ask cost little more than one.
 */
export class AskedTogether<Value> {
  readonly #ask: () => Promise<Value>;
  #current: Promise<unknown> = Promise.resolve();
  /** The one that has not begun. */
  #next: Promise<Value> | null = null;

  constructor(ask: () => Promise<Value>) {
    this.#ask = ask;
  }

  answer(): Promise<Value> {
    this.#next ??= this.#begin();
    return this.#next;
  }

  async #begin(): Promise<Value> {
    await this.#current;
    this.#next = null;
    const answer = this.#ask();
    this.#current = answer.catch(() => undefined);
    return await answer;
  }
}
