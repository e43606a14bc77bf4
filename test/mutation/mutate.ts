import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../simulation/random.ts';
import { loadBaseline, measureBaseline } from './baseline.ts';
import { Campaign, firstVoyages } from './campaign.ts';
import { instrument } from './instrument.ts';
import { Ledger, type Verdict } from './ledger.ts';
import { nameOf, type Change, type Mutant } from './mutant.ts';
import { reportOn, type Report } from './report.ts';
import { makeSandbox, mutableSources } from './sandbox.ts';
import type { Known } from './survivors.ts';
import { TypeCheck } from './type-check.ts';

export interface MutateOptions {
  readonly root: string;
  /** What must outlive an interruption. */
  readonly folder: string;
  /** A pattern of sources; null: all. */
  readonly files: string | null;
  /** Null: all. */
  readonly sample: number | null;
  readonly seed: number;
  readonly rollouts: number;
  /** Mutants that are tried at a time. */
  readonly workers: number;
  readonly isResumed: boolean;
  /** Only what the last campaign has not killed, with the sources and tests of now. */
  readonly isAgain: boolean;
  readonly known: ReadonlyMap<string, Known>;
  readonly tell: (line: string) => void;
}

interface Prepared {
  readonly mutants: readonly Mutant[];
  readonly changes: Readonly<Record<string, Change>>;
  /** Numbers of those that are tried, in this order. */
  readonly chosen: readonly string[];
}

const ledgerName = 'verdicts.jsonl';
/** Voyages by which the simulation begins. */
const firstSeed = 1;

/** Makes mutants, tries each, and tells what became of them. */
export async function mutate(options: MutateOptions): Promise<Report> {
  const { root, folder, known, isResumed, tell } = options;
  const prepared = isResumed ? takeUp(folder) : await prepare(options);
  const { mutants, chosen, changes } = prepared;
  const ledger = new Ledger(join(folder, ledgerName), isResumed);
  const byId = new Map(mutants.map((mutant) => [mutant.id, mutant]));
  const tried = chosen.flatMap((id) => byId.get(id) ?? []);
  tell(`${tried.length} of ${mutants.length} mutants are tried`);
  const baseline = loadBaseline(folder);
  const campaigns = Array.from({ length: options.workers }, () => new Campaign(folder, baseline));
  try {
    const first = tried.filter(({ id }) => ledger.of(id) === null);
    await each(first, campaigns, { what: 'tried', tell, ledger }, (campaign, mutant) => campaign.firstLook(mutant));
    const alive = tried.filter(({ id }) => ledger.of(id)?.kind === 'alive');
    const types = TypeCheck.on(root, join(folder, 'types'));
    const again = { what: 'of those that live tried again', tell, ledger };
    await each(alive, campaigns, again, async (campaign, mutant) => {
      // Whoever wrote the reason has looked already.
      if (known.has(nameOf(mutant))) return { id: mutant.id, kind: 'survived', voyages: firstVoyages };
      const change = changes[mutant.id];
      const by = change === undefined ? null : await types.refusal(mutant.file, change);
      return by === null ? await campaign.lastLook(mutant) : { id: mutant.id, kind: 'refused', by };
    });
  } finally {
    await Promise.all(campaigns.map((campaign) => campaign.close()));
  }
  return reportOn(
    tried.map((mutant) => ({ mutant, verdict: ledger.of(mutant.id) })),
    known,
  );
}

async function prepare(options: MutateOptions): Promise<Prepared> {
  const { root, folder, files, sample, seed, rollouts, isAgain, tell } = options;
  const wanted = isAgain ? notKilled(folder) : null;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { mutants, changes, files: instrumented } = await instrument(root, mutableSources(root, files));
  await makeSandbox(root, join(folder, 'sandbox'), instrumented);
  await TypeCheck.copy(root, join(folder, 'types'));
  await measureBaseline(folder, { rollouts, firstSeed, tell });
  const ids = mutants.filter((mutant) => wanted?.has(nameOf(mutant)) ?? true).map(({ id }) => id);
  const chosen = sample === null ? ids : shuffled(ids, seed).slice(0, sample);
  const prepared = { mutants, changes: Object.fromEntries(changes), chosen };
  writeFileSync(join(folder, 'campaign.json'), JSON.stringify(prepared));
  return prepared;
}

/** Names of mutants that the last campaign tried and did not kill. */
function notKilled(folder: string): ReadonlySet<string> {
  const { mutants } = takeUp(folder);
  const ledger = new Ledger(join(folder, ledgerName), true);
  const isLeft = ({ id }: Mutant) => ledger.of(id) !== null && ledger.of(id)?.kind !== 'killed';
  return new Set(mutants.filter(isLeft).map(nameOf));
}

function takeUp(folder: string): Prepared {
  const path = join(folder, 'campaign.json');
  if (!existsSync(path)) throw new Error('There is no campaign to go on from; start one without --resume or --again.');
  return JSON.parse(readFileSync(path, 'utf8')) as Prepared;
}

function shuffled(ids: readonly string[], seed: number): readonly string[] {
  const random = new Random(seed);
  return ids
    .map((id) => ({ id, at: random.next() }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ id }) => id);
}

interface Progress {
  readonly what: string;
  readonly tell: (line: string) => void;
  readonly ledger: Ledger;
}

/** Each campaign takes the next mutant when it is done with one. */
async function each(
  mutants: readonly Mutant[],
  campaigns: readonly Campaign[],
  { what, tell, ledger }: Progress,
  look: (campaign: Campaign, mutant: Mutant) => Promise<Verdict>,
): Promise<void> {
  const startedMs = performance.now();
  let done = 0;
  let toldAt = 0;
  let isBroken = false;
  const waiting = mutants.values();
  const work = async (campaign: Campaign) => {
    for (const mutant of waiting) {
      const beganMs = performance.now();
      const verdict = await look(campaign, mutant).catch((error: unknown) => {
        isBroken = true;
        throw error;
      });
      // The processes of the others are being closed: what they lose by that says nothing about their mutants.
      if (isBroken) return;
      ledger.write(verdict, performance.now() - beganMs);
      done++;
      const seconds = (performance.now() - startedMs) / 1_000;
      if (seconds < toldAt + 20) continue;
      toldAt = seconds;
      const left = ((seconds / done) * (mutants.length - done)) / 60;
      tell(`${done} of ${mutants.length} ${what}, ${left.toFixed(0)} minutes left`);
    }
  };
  await Promise.all(campaigns.map(work));
}
