import { join } from 'node:path';
import { judgeBounds, noVoyages, together, type FleetReport } from '../simulation/fleet-report.ts';
import type { Baseline, Voyage } from './baseline.ts';
import type { Verdict } from './ledger.ts';
import type { Mutant } from './mutant.ts';
import { filesReaching } from './reach.ts';
import { Rig } from './rig.ts';
import type {
  Sailed,
  SimulationAnswer,
  SimulationQuestion,
  UnitAnswer,
  UnitBaseline,
  UnitQuestion,
  UnitTests,
} from './rig-messages.ts';
import { unheardMark } from './unguarded.ts';

/** A unit test that takes less than this is run before any voyage, in milliseconds. */
const quickMs = 60;
/** So many voyages come before the slower unit tests: most of what a voyage kills, the first ones kill. */
export const firstVoyages = 12;
/** A process that loads test files anew keeps the old ones; so many questions are enough for one. */
const questionsAProcess = 300;
/** How much longer than without a mutant anything may take on a busy machine, in times and in milliseconds. */
const slowerTimes = 5;
const slowerMs = 15_000;
/** How much more often than without it a mutant may run, in times and besides: then what it is in will not end. */
const oftenerTimes = 100;
const oftener = 100_000;
/** As in the test of the simulation: a judge that is as good as it promises does worse so rarely at most. */
const leastLikely = 1e-6;

type Question = { readonly mutant: Mutant; readonly isStatic: boolean };

/** Runs tests and voyages with one mutant at a time. */
export class Campaign {
  readonly #sandbox: string;
  readonly #baseline: Baseline;
  readonly #coveredBy = new Map<string, UnitBaseline[]>();
  readonly #units: Rig<UnitQuestion, UnitAnswer>;
  readonly #simulation: Rig<SimulationQuestion, SimulationAnswer>;
  #questions = 0;

  constructor(folder: string, baseline: Baseline) {
    this.#sandbox = join(folder, 'sandbox');
    this.#baseline = baseline;
    this.#units = new Rig(this.#sandbox, 'unit-rig.ts');
    this.#simulation = new Rig(this.#sandbox, 'simulation-rig.ts');
    for (const part of baseline.parts)
      for (const id of Object.keys(part.covered)) this.#coveredBy.set(id, [...(this.#coveredBy.get(id) ?? []), part]);
  }

  async close(): Promise<void> {
    await Promise.all([this.#units.close(), this.#simulation.close()]);
  }

  /** Unit tests and a few voyages, the quick ones first. */
  async firstLook(mutant: Mutant): Promise<Verdict> {
    const { id } = mutant;
    const asked = { mutant, isStatic: this.#baseline.whileLoading.has(id) };
    const parts = asked.isStatic ? [] : (this.#coveredBy.get(id) ?? []);
    const quick = parts.filter(({ tookMs }) => tookMs < quickMs);
    const slow = parts.filter((part) => !quick.includes(part));
    const killed = (phase: 'unit tests' | 'simulation', by: string | null): Verdict | null =>
      by === null ? null : { id, kind: 'killed', phase, by };
    return (
      killed('unit tests', asked.isStatic ? await this.#static(mutant) : await this.#test(asked, grouped(quick))) ??
      killed('simulation', await this.#sail(asked, this.#voyages(asked).slice(0, firstVoyages), false)) ??
      killed('unit tests', await this.#test(asked, grouped(slow))) ?? { id, kind: 'alive' }
    );
  }

  /** All voyages that come by the mutant: the others would go the same way as without it. */
  async lastLook(mutant: Mutant): Promise<Verdict> {
    const { id } = mutant;
    const asked = { mutant, isStatic: this.#baseline.whileLoading.has(id) };
    const voyages = this.#voyages(asked);
    const by = await this.#sail(asked, voyages, true);
    return by === null
      ? { id, kind: 'survived', voyages: voyages.length }
      : { id, kind: 'killed', phase: 'simulation', by };
  }

  #voyages({ mutant, isStatic }: Question): readonly Voyage[] {
    return this.#baseline.voyages.filter(({ covered }) => isStatic || covered.has(mutant.id));
  }

  /** All tests of all files that load the source: which of them it makes a difference to cannot be seen. */
  async #static(mutant: Mutant): Promise<string | null> {
    const all = [...new Set(this.#baseline.parts.map(({ file }) => file))];
    const reaching = filesReaching(this.#sandbox, all, mutant.file);
    const parts = reaching.map((file) => ({ file, tests: null, isLoadedAnew: false }));
    const tookMs = (file: string) =>
      this.#baseline.parts.reduce((sum, part) => sum + (part.file === file ? part.tookMs : 0), 0);
    return await this.#test(
      { mutant, isStatic: true },
      parts.toSorted((one, other) => tookMs(one.file) - tookMs(other.file)),
    );
  }

  async #test({ mutant: { id }, isStatic }: Question, parts: readonly UnitTests[]): Promise<string | null> {
    if (parts.length === 0) return null;
    if (++this.#questions % questionsAProcess === 0) await this.#units.close();
    const files = new Set(parts.map(({ file }) => file));
    const usual = this.#baseline.parts.filter(({ file }) => files.has(file));
    const limitMs = slowerMs + slowerTimes * Math.max(...usual.map(({ tookMs }) => tookMs));
    const hitLimit = oftener + oftenerTimes * Math.max(...usual.map(({ covered }) => covered[id] ?? 0));
    const question = { kind: 'mutant', id, parts, hitLimit } as const;
    const isLast = ({ kind }: UnitAnswer) => kind === 'done';
    const ask = async () => killerOf(await this.#units.ask(question, limitMs, isLast, isStatic ? id : null));
    return await surely(this.#units, ask);
  }

  async #sail(
    { mutant: { id }, isStatic }: Question,
    voyages: readonly Voyage[],
    isAll: boolean,
  ): Promise<string | null> {
    if (voyages.length === 0) return null;
    const sailed = new Map<number, Sailed>();
    const hear = (answer: SimulationAnswer) => {
      if (answer.kind === 'sailed') sailed.set(answer.sailed.seed, answer.sailed);
      return answer.kind === 'done';
    };
    const limitMs = slowerMs + slowerTimes * Math.max(...voyages.map(({ tookMs }) => tookMs));
    const hitLimit = oftener + oftenerTimes * (this.#baseline.mostHits[id] ?? 0);
    const question = { kind: 'mutant', id, seeds: voyages.map(({ seed }) => seed), hitLimit } as const;
    const ask = async () => killerOf(await this.#simulation.ask(question, limitMs, hear, isStatic ? id : null));
    return (await surely(this.#simulation, ask)) ?? (isAll ? this.#wrongJudge(sailed) : null);
  }

  /** Whether the judge is wrong more often than it promises, over these voyages and those that the mutant is not in. */
  #wrongJudge(sailed: ReadonlyMap<number, Sailed>): string | null {
    const all = this.#baseline.voyages.map((voyage) => sailed.get(voyage.seed) ?? voyage);
    const counted = all.reduce((sum: FleetReport, { rollouts, counts }) => {
      const of = { voyages: 1, rollouts, counts: new Map(Object.entries(counts)), failure: null };
      return together(sum, of);
    }, noVoyages);
    const broken = judgeBounds(counted).find(({ probability }) => probability < leastLikely);
    return broken === undefined ? null : `${broken.what}: ${broken.wrong} of ${broken.of}`;
  }
}

/** What fails unheard may be left over from another mutant: it is asked again in a process where there was none. */
async function surely(rig: { readonly isFresh: boolean; close(): Promise<void> }, ask: () => Promise<string | null>) {
  const wasFresh = rig.isFresh;
  const by = await ask();
  if (by === null || wasFresh || !by.includes(unheardMark)) return by;
  await rig.close();
  return await ask();
}

/** The killer of an answer; a process that is lost was killed by its time limit, or by what the mutant did to it. */
function killerOf(
  answer: UnitAnswer | SimulationAnswer | { readonly kind: 'lost'; readonly how: string },
): string | null {
  switch (answer.kind) {
    case 'lost':
      return answer.how;
    case 'done':
      return answer.killedBy;
    default:
      throw new Error(`a mutant is not answered with ${answer.kind}`);
  }
}

/** Tests by file, quick ones first; all of a file where the mutant runs while it is loaded. */
function grouped(parts: readonly UnitBaseline[]): readonly UnitTests[] {
  const byFile = Map.groupBy(
    parts.toSorted((one, other) => one.tookMs - other.tookMs),
    ({ file }) => file,
  );
  return [...byFile].map(([file, of]) => {
    const isLoadedAnew = of.some(({ test }) => test === null);
    return { file, isLoadedAnew, tests: isLoadedAnew ? null : of.flatMap(({ test }) => test ?? []) };
  });
}
