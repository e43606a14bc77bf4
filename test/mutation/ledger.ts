import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';

export type KilledIn = 'unit tests' | 'simulation';

/** What became of a mutant so far. */
export type Verdict = { readonly id: string } & Fate;

type Fate =
  | { readonly kind: 'killed'; readonly phase: KilledIn; readonly by: string }
  /** Unit tests and the first voyages let it live. */
  | { readonly kind: 'alive' }
  | { readonly kind: 'survived'; readonly voyages: number }
  /** It survived, but the type check does not let it through. */
  | { readonly kind: 'refused'; readonly by: string };

type Entry = Verdict & { readonly tookMs: number };

/** The verdicts of a campaign, written as they come: one that was interrupted goes on behind the last. */
export class Ledger {
  readonly #path: string;
  readonly #verdicts = new Map<string, Entry>();

  constructor(path: string, isResumed: boolean) {
    this.#path = path;
    if (!isResumed && existsSync(path)) writeFileSync(path, '');
    if (!existsSync(path)) return;
    // Whatever stands behind the last line break was cut off in the middle.
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    for (const line of lines) this.#keep(JSON.parse(line) as Entry);
    writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
  }

  of(id: string): Entry | null {
    return this.#verdicts.get(id) ?? null;
  }

  /** Adds to the time that this mutant has taken. */
  write(verdict: Verdict, tookMs: number): void {
    const entry = { ...verdict, tookMs: Math.round(tookMs) + (this.of(verdict.id)?.tookMs ?? 0) };
    this.#keep(entry);
    appendFileSync(this.#path, `${JSON.stringify(entry)}\n`);
  }

  #keep(verdict: Entry): void {
    this.#verdicts.set(verdict.id, verdict);
  }
}
