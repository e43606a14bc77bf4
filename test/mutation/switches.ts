/** What the code that Stryker puts into the sources reads and writes; it finds it by this name. */
interface Switches {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
  mutantCoverage?: { static: Hits; perTest: Record<string, Hits> };
}
export type Hits = Record<string, number>;

/** Stryker's name for it. */
const name = '__stryker__';
const global: typeof globalThis & { [name]?: Switches } = globalThis;

function switches(): Switches {
  return (global[name] ??= {});
}

/** Turns one mutant on, or all off. */
export function activate(id: string | null): void {
  switches().activeMutant = id ?? undefined;
}

/** From now on the mutant fails each time that it runs, once it has run more often than this. */
export function limitHits(limit: number): void {
  switches().hitCount = 0;
  switches().hitLimit = limit;
}

/** It ran so often that what it is in will not end. */
export function hitsAreOver(): boolean {
  const { hitCount = 0, hitLimit = Infinity } = switches();
  return hitCount > hitLimit;
}

/** Whatever runs from now on counts for this. */
export function attributeTo(part: string | null): void {
  switches().currentTestId = part ?? undefined;
}

/** How often each mutant ran for it since it was asked last, by its number. */
export function takeCovered(part: string): Readonly<Hits> {
  const coverage = switches().mutantCoverage;
  const hits = coverage?.perTest[part] ?? {};
  // The running code keeps the record itself, so it stays where it is.
  if (coverage !== undefined) delete coverage.perTest[part];
  return hits;
}

/** Numbers of the mutants that ran for nothing in particular: while modules were loaded. */
export function coveredWhileLoading(): readonly string[] {
  return Object.keys(switches().mutantCoverage?.static ?? {});
}
