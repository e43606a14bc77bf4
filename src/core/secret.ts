const inspect = Symbol.for('nodejs.util.inspect.custom');

/** A value that never shows itself: as text, as JSON and under inspection it reads `***`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The one way to the value; callers are the places to look at in a review. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }

  [inspect](): string {
    return '***';
  }
}
