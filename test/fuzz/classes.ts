/** Counts of what happened, each with the first example. */
export class Classes {
  readonly #counts = new Map<string, { count: number; readonly example: string }>();

  add(name: string, example: string): void {
    const known = this.#counts.get(name);
    if (known === undefined) this.#counts.set(name, { count: 1, example: JSON.stringify(example).slice(0, 160) });
    else known.count++;
  }

  /** The most frequent first. */
  lines(): readonly string[] {
    return [...this.#counts]
      .sort(([, a], [, b]) => b.count - a.count)
      .map(([name, { count, example }]) => `${count} ${name}, as in ${example}`);
  }
}
