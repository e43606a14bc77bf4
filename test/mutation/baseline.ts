import { readFileSync, writeFileSync } from 'node:fs';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { Rig } from './rig.ts';
import type {
  SimulationAnswer,
  SimulationQuestion,
  Sailed,
  UnitAnswer,
  UnitBaseline,
  UnitQuestion,
} from './rig-messages.ts';
import { testedModules, unitTests } from './sandbox.ts';

/** A voyage without a mutant, and the mutants that it came by. */
export interface Voyage extends Sailed {
  readonly tookMs: number;
  readonly covered: ReadonlySet<string>;
}

/** What tests and simulation do without any mutant. */
export interface Baseline {
  /** Mutants that run while modules are loaded: they are on from the start of a process, or never. */
  readonly whileLoading: ReadonlySet<string>;
  readonly parts: readonly UnitBaseline[];
  readonly voyages: readonly Voyage[];
  /** The most often that each mutant ran in one voyage. */
  readonly mostHits: Readonly<Record<string, number>>;
}

const baselineLimitMs = 600_000;
const files = { units: 'units.json', voyages: 'voyages.json' };

/** Throws when a test fails or a voyage breaks something with all mutants off: then nothing can be said of any. */
export async function measureBaseline(
  folder: string,
  { rollouts, firstSeed, tell }: { rollouts: number; firstSeed: number; tell: (line: string) => void },
): Promise<void> {
  const sandbox = join(folder, 'sandbox');
  const units = await measureUnits(sandbox);
  tell(`${units.parts.filter(({ test }) => test !== null).length} unit tests pass`);
  writeFileSync(join(folder, files.units), JSON.stringify(units));
  const rig = new Rig<SimulationQuestion, SimulationAnswer>(sandbox, 'simulation-rig.ts');
  const voyages: (Sailed & { tookMs: number; covered: readonly string[] })[] = [];
  const mostHits: Record<string, number> = {};
  const hear = (answer: SimulationAnswer) => {
    if (answer.kind === 'done') return true;
    const { sailed, tookMs, covered } = answer;
    voyages.push({ ...sailed, tookMs, covered: Object.keys(covered) });
    for (const [id, hits] of Object.entries(covered)) mostHits[id] = Math.max(mostHits[id] ?? 0, hits);
    return false;
  };
  const end = await rig.ask({ kind: 'baseline', firstSeed, rollouts }, baselineLimitMs, hear);
  await rig.close();
  const trouble = end.kind === 'lost' ? end.how : end.kind === 'done' ? end.killedBy : null;
  if (trouble !== null) throw new Error(`The simulation breaks something without any mutant: ${trouble}`);
  tell(
    `${voyages.reduce((sum, voyage) => sum + voyage.rollouts, 0)} rollouts on ${voyages.length} voyages break nothing`,
  );
  writeFileSync(join(folder, files.voyages), JSON.stringify({ ...packed(voyages), mostHits }));
}

async function measureUnits(sandbox: string): Promise<Extract<UnitAnswer, { kind: 'baseline' }>> {
  const rig = new Rig<UnitQuestion, UnitAnswer>(sandbox, 'unit-rig.ts');
  const tests = globSync(unitTests, { cwd: sandbox }).toSorted();
  const question = { kind: 'baseline', modules: testedModules(sandbox), files: tests } as const;
  const answer = await rig.ask(question, baselineLimitMs, () => true);
  await rig.close();
  if (answer.kind !== 'baseline') throw new Error(`The unit tests did not run: ${JSON.stringify(answer)}`);
  const failed = answer.parts.find(({ failure }) => failure !== null);
  if (failed !== undefined)
    throw new Error(`A test fails without any mutant: ${failed.file}: ${failed.title}: ${failed.failure}`);
  return answer;
}

/** Many voyages come by the same mutants: each list is written once. */
function packed(voyages: readonly (Sailed & { tookMs: number; covered: readonly string[] })[]) {
  const mutants = [...new Set(voyages.flatMap(({ covered }) => covered))];
  const bitOf = new Map(mutants.map((id, index) => [id, index]));
  return {
    mutants,
    voyages: voyages.map(({ covered, ...voyage }) => {
      const bits = Buffer.alloc(Math.ceil(mutants.length / 8));
      for (const id of covered) {
        const bit = bitOf.get(id) ?? 0;
        bits[bit >> 3] = (bits[bit >> 3] ?? 0) | (1 << (bit & 7));
      }
      return { ...voyage, covered: bits.toString('base64') };
    }),
  };
}

export function loadBaseline(folder: string): Baseline {
  const read = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as unknown;
  const units = read(files.units) as Extract<UnitAnswer, { kind: 'baseline' }>;
  const { mutants, voyages, mostHits } = read(files.voyages) as ReturnType<typeof packed> & Pick<Baseline, 'mostHits'>;
  return {
    whileLoading: new Set(units.whileLoading),
    parts: units.parts,
    mostHits,
    voyages: voyages.map(({ covered, ...voyage }) => {
      const bits = Buffer.from(covered, 'base64');
      const isSet = (_: string, bit: number) => ((bits[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
      return { ...voyage, covered: new Set(mutants.filter(isSet)) };
    }),
  };
}
