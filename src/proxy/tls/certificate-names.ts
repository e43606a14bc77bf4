/** Finds what belongs to a name: what is there for the name itself, else for its wildcard (of one label), else the first. */
export class CertificateNames<T> {
  readonly #first: T | null;
  readonly #byName = new Map<string, T>();

  /** `names` in lower case. Of two with the same name the first counts. */
  constructor(entries: readonly { readonly names: readonly string[]; readonly value: T }[]) {
    this.#first = entries[0]?.value ?? null;
    for (const { names, value } of entries)
      for (const name of names) if (!this.#byName.has(name)) this.#byName.set(name, value);
  }

  /** `name` in lower case, without port. Null: there is nothing at all. */
  find(name: string): T | null {
    const own = this.#byName.get(name);
    if (own !== undefined) return own;
    const dot = name.indexOf('.');
    return (dot > 0 ? this.#byName.get(`*${name.slice(dot)}`) : undefined) ?? this.#first;
  }
}
