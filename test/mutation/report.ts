import type { KilledIn, Verdict } from './ledger.ts';
import { nameOf, type Mutant } from './mutant.ts';
import { lineFor, type Known } from './survivors.ts';

export interface Judged {
  readonly mutant: Mutant;
  readonly verdict: Verdict | null;
}

export interface Report {
  readonly lines: readonly string[];
  /** Survivors that nobody has given a reason. */
  readonly unexplained: readonly Mutant[];
  readonly survived: number;
  readonly killed: number;
  readonly waiting: number;
}

const columns = ['mutants', 'unit tests', 'simulation', 'types', 'survived', 'no reason', 'open'] as const;
type Row = Record<(typeof columns)[number], number>;

/** A table by file, the survivors, and how many were killed. */
export function reportOn(judged: readonly Judged[], known: ReadonlyMap<string, Known>): Report {
  const survivors = judged.filter(({ verdict }) => verdict?.kind === 'survived' || verdict?.kind === 'refused');
  const lives = survivors.filter(({ verdict }) => verdict?.kind === 'survived').map(({ mutant }) => mutant);
  const unexplained = lives.filter((mutant) => !known.has(nameOf(mutant)));
  const rowOf = (part: readonly Judged[]): Row => {
    const count = (is: (verdict: Verdict | null) => boolean) => part.filter(({ verdict }) => is(verdict)).length;
    const killedIn = (phase: KilledIn) => count((verdict) => verdict?.kind === 'killed' && verdict.phase === phase);
    return {
      mutants: part.length,
      'unit tests': killedIn('unit tests'),
      simulation: killedIn('simulation'),
      types: count((verdict) => verdict?.kind === 'refused'),
      survived: count((verdict) => verdict?.kind === 'survived'),
      'no reason': part.filter(({ mutant }) => unexplained.includes(mutant)).length,
      open: count((verdict) => verdict === null || verdict.kind === 'alive'),
    };
  };
  const byFile = [...Map.groupBy(judged, ({ mutant }) => mutant.file)].toSorted(([one], [other]) =>
    one < other ? -1 : 1,
  );
  const all = rowOf(judged);
  const killed = all['unit tests'] + all.simulation;
  const lines = [
    tableLine('', Object.fromEntries(columns.map((name) => [name, name])), ''),
    ...byFile.map(([file, part]) => tableLine(file, rowOf(part), percent(rowOf(part)))),
    tableLine('all', all, percent(all)),
    '',
    ...Map.groupBy(lives, ({ file }) => file)
      .entries()
      .toArray()
      .flatMap(([file, of]) => ['', `## ${file}`, '', ...of.map((mutant) => survivorLine(mutant, known))]),
    '',
    `${killed} of ${validOf(all)} killed: ${rateInWords(killed, validOf(all))}; ${all.types} more do not compile.`,
    ...(all.open > 0 ? [`${all.open} are open; --resume goes on with them.`] : []),
  ];
  return { lines, unexplained, survived: lives.length, killed, waiting: all.open };
}

function survivorLine(mutant: Mutant, known: ReadonlyMap<string, Known>): string {
  return lineFor(mutant, known.get(nameOf(mutant))?.reason ?? '');
}

function tableLine(name: string, row: Readonly<Record<string, number | string>>, rate: string): string {
  return `${name.padEnd(44)}${columns.map((column) => String(row[column]).padStart(11)).join('')}${rate.padStart(9)}`;
}

function percent(row: Row): string {
  const valid = validOf(row);
  return valid === 0 ? '' : `${((100 * (row['unit tests'] + row.simulation)) / valid).toFixed(1)} %`;
}

/** As Stryker counts: what the compiler refuses could never have come into the product. */
function validOf(row: Row): number {
  return row.mutants - row.open - row.types;
}

/** The rate with the 95 % interval of Wilson (JASA 22, 1927) for what a random sample stands for. */
function rateInWords(killed: number, of: number): string {
  if (of === 0) return 'none was tried';
  const [low, high] = wilson(killed, of);
  const words = (rate: number) => (100 * rate).toFixed(1);
  return `${words(killed / of)} % (of a random sample: ${words(low)} to ${words(high)} %)`;
}

function wilson(successes: number, trials: number): readonly [number, number] {
  const z = 1.959964;
  const rate = successes / trials;
  const middle = (rate + (z * z) / (2 * trials)) / (1 + (z * z) / trials);
  const half = (z / (1 + (z * z) / trials)) * Math.sqrt((rate * (1 - rate)) / trials + (z * z) / (4 * trials * trials));
  return [middle - half, middle + half];
}
