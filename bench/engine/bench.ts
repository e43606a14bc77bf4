import { parseArgs } from 'node:util';
import { markdownTable } from '../markdown-table.ts';
import { tell, type Goal } from '../outcome.ts';
import { goFirst } from '../priority.ts';
import { quantile } from '../quantile.ts';
import { spread } from '../spread.ts';
import { berths } from './berths.ts';
import { measureDecide, type DecideFigures } from './measure-decide.ts';
import { measureJournal, type JournalFigures } from './measure-journal.ts';
import { measureRecovery, type Recovery, type RecoveryFigures } from './measure-recovery.ts';
import { measureServices, type ServiceFigures } from './measure-services.ts';

// What the engine takes: how soon it is back after a SIGKILL with 300 rollouts in flight, what a decision and a durable
// write cost, and whether a service costs more where there are many.

const help = `npm run bench -- engine [--quick]

  --quick    fewer kills, shorter windows

Engine, database, journal and the calls to the proxy are the real ones; machines and proxy are simulated in the process
of the bench, which outlives every control plane.`;

const rollouts = 300;
/** Rollouts that an environment with a long journal has behind it. */
const longBefore = 10;
const limits = { recoveryMs: 3_000, growth: 1.3 } as const;

interface Figures {
  readonly recovery: RecoveryFigures;
  /** The same where each environment has more rollouts in its journal; null: not measured. */
  readonly longJournal: RecoveryFigures | null;
  readonly decide: DecideFigures;
  readonly journal: JournalFigures;
  readonly services: readonly ServiceFigures[];
}

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
});
if (options.help) console.log(help);
else await bench(options.quick);

async function bench(isQuick: boolean): Promise<void> {
  await goFirst(process.pid);
  const sizes = isQuick ? [10, 1_000] : [10, 100, 1_000];
  const windows = isQuick ? { windows: 2, windowMs: 1_500 } : { windows: 5, windowMs: 4_000 };
  const turns = isQuick ? { warmUp: 3, rollouts: 5 } : { warmUp: 10, rollouts: 10 };
  const decide = measureDecide(isQuick ? 3 : 9);
  const journal = await measureJournal(isQuick ? 200 : 1_000);
  const services: ServiceFigures[] = [];
  for (const size of sizes) services.push(await measureServices({ services: size, ...windows, ...turns }));
  const recovery = await measureRecovery({ rollouts, rolloutsBefore: 1, kills: isQuick ? 2 : 7 });
  const longJournal = isQuick ? null : await measureRecovery({ rollouts, rolloutsBefore: longBefore, kills: 2 });
  report({ recovery, longJournal, decide, journal, services }, isQuick);
}

function report(figures: Figures, isQuick: boolean): void {
  const { recovery, longJournal, services } = figures;
  console.log(`\n${recoveryTable(recovery)}\n\n${costTable(figures)}\n\n${serviceTable(services)}\n`);
  const musts = [...recoveryMusts(recovery), ...growthMusts(services)];
  tell({ bench: 'engine', isQuick, musts, aims: recoveryAims(recovery, longJournal), figures });
}

function recoveryTable({ held, movingMs, heldCores }: RecoveryFigures): string {
  const part = (of: (course: Recovery['course']) => number) => spread(held.map(({ course }) => of(course)));
  const rows = [
    ['program loaded', part((course) => course.programMs)],
    ['database open', part((course) => course.databaseMs)],
    ['journal verified', part((course) => course.journalMs)],
    ['journals read, loops begun', part((course) => course.openMs)],
    ['all taken up', part((course) => course.takenUpMs)],
    ['processor time of the start', part((course) => course.processorMs)],
    ['from SIGKILL until all are taken up', spread(held.map(({ recoveredMs }) => recoveredMs))],
    ['the same while all of them move', movingMs.toFixed(0)],
    ['processor time meanwhile, % of one core', (100 * heldCores).toFixed(0)],
  ];
  return markdownTable([`${rollouts} rollouts at ${berths.length} kinds of steps`, 'ms since the start'], rows);
}

function costTable({ decide, journal }: Figures): string {
  const rows = [
    [
      `decide, over ${decide.situations} situations`,
      `${decide.decideUs.toFixed(2)} µs (worst round ${decide.worstDecideUs.toFixed(2)})`,
    ],
    ['evolve', `${decide.evolveUs.toFixed(2)} µs`],
    ['journal: a durable append', `${journal.middleMs.toFixed(2)} ms (99 %: ${journal.p99Ms.toFixed(2)})`],
    ['of that, processor time', `${journal.processorMs.toFixed(2)} ms`],
    ['the disk alone, 4 KiB and fdatasync', `${journal.diskMs.toFixed(2)} ms`],
    [`appends a second, ${rollouts} environments at once`, journal.togetherPerSecond.toFixed(0)],
  ];
  return markdownTable(['cost', ''], rows);
}

function serviceTable(services: readonly ServiceFigures[]): string {
  const rows = services.map((each) => [
    `${each.services}`,
    `${each.services / 5}`,
    (each.idleMs * 1_000).toFixed(1),
    each.rolloutMs.toFixed(2),
    each.tookMs.toFixed(0),
    (each.memoryBytes / 1e6).toFixed(0),
  ]);
  const head = ['services', 'environments', 'idle, µs/s each', 'rollout, ms each', 'rollout takes, ms', 'memory, MB'];
  return markdownTable(head, rows);
}

function recoveryMusts({ held, lost, twice }: RecoveryFigures): readonly Goal[] {
  const stayed = held.filter(({ inBerth, deeds, forgotten }) => inBerth === rollouts && deeds + forgotten === 0).length;
  const afterKill = 'kills after which all stood where they had stood and nothing was started';
  return [
    inTime(`from SIGKILL until ${rollouts} rollouts in flight are taken up`, held),
    goal(afterKill, stayed, `${held.length}`, stayed === held.length),
    goal('copies or jobs that were started twice in the whole course', twice, '0', twice === 0),
    goal('rollouts that did not end as they should afterwards', lost.length, '0', lost.length === 0),
  ];
}

function recoveryAims({ problems }: RecoveryFigures, long: RecoveryFigures | null): readonly Goal[] {
  const problem = problems.length === 0 ? 0 : `${problems.length}, e.g. ${problems[0]}`;
  const aims = [goal('problems that the engine told', problem, '0', problems.length === 0)];
  return long === null
    ? aims
    : [...aims, inTime(`the same with ${longBefore} rollouts of each in the journal`, long.held)];
}

function inTime(title: string, held: readonly Recovery[]): Goal {
  const recoveredMs = held.map((each) => each.recoveredMs);
  const [worstMs, middleMs] = [Math.max(...recoveredMs), quantile(recoveredMs, 0.5) ?? Infinity];
  const figure = `worst of ${held.length}: ${worstMs.toFixed(0)} ms, middle ${middleMs.toFixed(0)} ms`;
  return goal(title, figure, `< ${limits.recoveryMs} ms`, worstMs < limits.recoveryMs);
}

function growthMusts(services: readonly ServiceFigures[]): readonly Goal[] {
  const few = services.at(0);
  const many = services.at(-1);
  const growth = (of: (figures: ServiceFigures) => number) => (few && many ? of(many) / of(few) : Infinity);
  const grows = (title: string, ratio: number) =>
    goal(
      `${title}: a service of 1,000 beside one of 10`,
      `${ratio.toFixed(2)} times`,
      `≤ ${limits.growth}`,
      ratio <= limits.growth,
    );
  return [
    grows(
      'processor time while nothing happens',
      growth(({ idleMs }) => idleMs),
    ),
    grows(
      'processor time of a rollout',
      growth(({ rolloutMs }) => rolloutMs),
    ),
  ];
}

function goal(title: string, figure: number | string, wanted: string, holds: boolean): Goal {
  return { title, figure, wanted, holds };
}
