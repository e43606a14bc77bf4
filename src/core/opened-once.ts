/** Things that are opened when they are first needed, each once. One that cannot be opened is tried again. */
export class OpenedOnce<Name extends string, Thing> {
  readonly #open: (name: Name) => Promise<Thing>;
  readonly #opening = new Map<Name, Promise<Thing>>();
  readonly #opened = new Map<Name, Thing>();

  constructor(open: (name: Name) => Promise<Thing>) {
    this.#open = open;
  }

  /** Errors: those of opening it. */
  async of(name: Name): Promise<Thing> {
    const opening = this.#opening.get(name) ?? this.#open(name);
    this.#opening.set(name, opening);
    try {
      const thing = await opening;
      this.#opened.set(name, thing);
      return thing;
    } catch (error) {
      this.#opening.delete(name);
      throw error;
    }
  }

  /** Those that were needed so far. */
  get opened(): readonly Thing[] {
    return [...this.#opened.values()];
  }
}
