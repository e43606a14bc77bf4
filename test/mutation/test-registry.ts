// Stands in for `node:test` where unit tests run again and again in one process: as much of it as they use, and what
// they do not use is missing, so that a test which needs more fails before any mutant is made.

type Act = (context: TestContext) => unknown;

export interface TestContext {
  readonly name: string;
  readonly after: (act: () => unknown) => void;
  readonly diagnostic: (message: string) => void;
}

export interface RegisteredTest {
  readonly title: string;
  /** Rejects when the test fails. */
  readonly run: () => Promise<void>;
}

interface Suite {
  readonly titles: readonly string[];
  readonly before: Act[];
}

const suites: Suite[] = [{ titles: [], before: [] }];
const registered: RegisteredTest[] = [];

/** What was registered since it was asked last. */
export function takeRegistered(): readonly RegisteredTest[] {
  return registered.splice(0);
}

export function describe(title: string, act: () => void): void {
  const outer = suites.at(-1);
  suites.push({ titles: [...(outer?.titles ?? []), title], before: [...(outer?.before ?? [])] });
  try {
    act();
  } finally {
    suites.pop();
  }
}

export function beforeEach(act: Act): void {
  suites.at(-1)?.before.push(act);
}

export function it(title: string, act: Act): void {
  const suite = suites.at(-1);
  const name = [...(suite?.titles ?? []), title].join(' › ');
  registered.push({ title: name, run: () => run(name, suite?.before ?? [], act) });
}

export { it as test };

async function run(name: string, before: readonly Act[], act: Act): Promise<void> {
  const cleanUps: (() => unknown)[] = [];
  const context: TestContext = { name, after: (cleanUp) => cleanUps.push(cleanUp), diagnostic: () => undefined };
  try {
    for (const each of before) await each(context);
    await act(context);
  } finally {
    for (const cleanUp of cleanUps) await cleanUp();
  }
}
