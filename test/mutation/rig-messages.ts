/** What runs while one mutant is on, and what comes of it. Sent between processes, so all of it is plain data. */

export interface UnitTests {
  readonly file: string;
  /** Numbers of its tests in the order in which they are registered; null: all of them. */
  readonly tests: readonly number[] | null;
  /** The mutant also runs while the file is loaded. */
  readonly isLoadedAnew: boolean;
}

export type UnitQuestion =
  | { readonly kind: 'baseline'; readonly modules: readonly string[]; readonly files: readonly string[] }
  | { readonly kind: 'mutant'; readonly id: string; readonly parts: readonly UnitTests[]; readonly hitLimit: number };

/** One unit test, or what a test file does while it is loaded (`test` is null). */
export interface UnitBaseline {
  readonly file: string;
  readonly test: number | null;
  readonly title: string;
  readonly tookMs: number;
  readonly failure: string | null;
  /** How often each mutant ran. */
  readonly covered: Readonly<Record<string, number>>;
}

export type UnitAnswer =
  | { readonly kind: 'baseline'; readonly whileLoading: readonly string[]; readonly parts: readonly UnitBaseline[] }
  | { readonly kind: 'passed' }
  | { readonly kind: 'done'; readonly killedBy: string | null };

export type SimulationQuestion =
  | { readonly kind: 'baseline'; readonly firstSeed: number; readonly rollouts: number }
  | { readonly kind: 'mutant'; readonly id: string; readonly seeds: readonly number[]; readonly hitLimit: number };

/** One seed sailed. */
export interface Sailed {
  readonly seed: number;
  readonly rollouts: number;
  readonly counts: Readonly<Record<string, number>>;
}

export type SimulationAnswer =
  | {
      readonly kind: 'sailed';
      readonly sailed: Sailed;
      readonly tookMs: number;
      readonly covered: Readonly<Record<string, number>>;
    }
  | { readonly kind: 'done'; readonly killedBy: string | null };
