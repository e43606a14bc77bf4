// A process that runs unit tests of the mutated sources, as often as it is asked.
import { registerHooks } from 'node:module';
import { activate, attributeTo, coveredWhileLoading, hitsAreOver, limitHits, takeCovered } from './switches.ts';
import type { UnitAnswer, UnitBaseline, UnitQuestion, UnitTests } from './rig-messages.ts';
import { takeRegistered, type RegisteredTest } from './test-registry.ts';
import { unguarded, wordsOf } from './unguarded.ts';

const registry = new URL('test-registry.ts', import.meta.url).href;
const loaded = new Map<string, readonly RegisteredTest[]>();
let loads = 0;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'node:test' ? { url: registry, shortCircuit: true } : next(specifier, context),
});

function tell(said: UnitAnswer): void {
  process.send?.(said);
}

/** A test file that was loaded before is loaded anew, what it imports is not. */
async function load(file: string): Promise<readonly RegisteredTest[]> {
  takeRegistered();
  await unguarded(() => import(`${new URL(`../../${file}`, import.meta.url).href}?load=${++loads}`));
  return takeRegistered();
}

async function baseline(modules: readonly string[], files: readonly string[]): Promise<UnitAnswer> {
  for (const path of modules) await import(new URL(`../../${path}`, import.meta.url).href);
  const parts: UnitBaseline[] = [];
  const measure = async (file: string, test: number | null, title: string, act: () => Promise<void>) => {
    const key = `${file}#${test}`;
    attributeTo(key);
    const startedMs = performance.now();
    const failure = await unguarded(act).then(() => null, wordsOf);
    const tookMs = performance.now() - startedMs;
    attributeTo(null);
    parts.push({ file, test, title, tookMs, failure, covered: takeCovered(key) });
  };
  const whileLoading = coveredWhileLoading();
  for (const file of files) {
    let tests: readonly RegisteredTest[] = [];
    await measure(file, null, 'loading it', async () => void (tests = await load(file)));
    for (const [index, { title, run }] of tests.entries()) await measure(file, index, title, run);
  }
  return { kind: 'baseline', whileLoading, parts };
}

/** What the first test that fails says; null: all pass. */
async function killerOf(parts: readonly UnitTests[], hitLimit: number): Promise<string | null> {
  for (const { file, tests, isLoadedAnew } of parts) {
    let registered: readonly RegisteredTest[] = [];
    limitHits(hitLimit);
    try {
      registered = (isLoadedAnew ? undefined : loaded.get(file)) ?? (await load(file));
    } catch (error) {
      return `${file}: it cannot be loaded: ${wordsOf(error)}`;
    }
    if (!isLoadedAnew) loaded.set(file, registered);
    for (const index of tests ?? registered.keys()) {
      const test = registered[index];
      if (test === undefined) return `${file}: a test is missing`;
      limitHits(hitLimit);
      try {
        await unguarded(test.run);
      } catch (error) {
        return `${file}: ${test.title}: ${wordsOf(error)}`;
      }
      if (hitsAreOver()) return `${file}: ${test.title}: it does not end`;
      tell({ kind: 'passed' });
    }
  }
  return null;
}

async function answer(question: UnitQuestion): Promise<UnitAnswer> {
  if (question.kind === 'baseline') return await baseline(question.modules, question.files);
  activate(question.id);
  const killedBy = await killerOf(question.parts, question.hitLimit);
  activate(null);
  return { kind: 'done', killedBy };
}

process.on('message', (question: UnitQuestion) => {
  void answer(question).then(tell);
});
process.once('disconnect', () => process.exit());
