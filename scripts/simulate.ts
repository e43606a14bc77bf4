// `npm run simulate -- --seed N --rollouts M`: rollouts by the real machine in a simulated world. The same seed shows the same.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { courseOf } from '../test/simulation/course.ts';
import { examine } from '../test/simulation/examine.ts';
import { sailFleet } from '../test/simulation/fleet.ts';
import { countLines, judgeBounds, replayOf, type FleetReport } from '../test/simulation/fleet-report.ts';
import { shrink } from '../test/simulation/shrink.ts';
import { storyOf } from '../test/simulation/story.ts';

const usage = `npm run simulate -- [--seed N] [--rollouts M] [--workers K] [--json]
                        --voyage N [--trace]

  --seed      the first voyage (1); each one has a few rollouts of one to three environments
  --rollouts  how many at least (4000)
  --workers   threads (one for each processor)
  --voyage    only this voyage again; when it breaks something, the shortest story that does
  --trace     all that happens on it
  --json      the report as JSON`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    rollouts: { type: 'string', default: '4000' },
    workers: { type: 'string', default: String(availableParallelism()) },
    voyage: { type: 'string' },
    trace: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function whole(name: 'seed' | 'rollouts' | 'workers' | 'voyage'): number {
  const number = Number(values[name]);
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`--${name} is a whole number, not ${values[name]}.`);
  return number;
}

async function again(seed: number): Promise<void> {
  const course = courseOf(seed);
  const examined = await examine(course);
  if (values.trace) console.log(examined.ships.flatMap((ship) => ['', ...ship.trace]).join('\n'));
  if (examined.violations.length === 0) return console.log(`Voyage ${seed} breaks nothing.`);
  process.exitCode = 1;
  console.error(storyOf(await shrink(course, examined)).join('\n'));
  console.error(`\nAgain: ${replayOf(seed)}`);
}

async function all(): Promise<void> {
  const startedMs = performance.now();
  const secondsSince = () => (performance.now() - startedMs) / 1_000;
  let toldAt = 0;
  const tell = ({ rollouts, voyages }: FleetReport) => {
    if (values.json || secondsSince() < toldAt + 10) return;
    toldAt = secondsSince();
    console.error(`${rollouts} rollouts on ${voyages} voyages, ${(rollouts / toldAt).toFixed(0)} a second`);
  };
  const what = { firstSeed: whole('seed'), rollouts: whole('rollouts'), workers: whole('workers') };
  const report = await sailFleet({ ...what, onProgress: tell });
  const seconds = secondsSince();
  if (values.json) {
    const { voyages, rollouts, failure } = report;
    const bounds = judgeBounds(report);
    console.log(
      JSON.stringify({
        ...what,
        voyages,
        rollouts,
        seconds,
        counts: Object.fromEntries(report.counts),
        bounds,
        failure,
      }),
    );
  } else {
    for (const line of countLines(report)) console.log(line);
    const found = `${report.rollouts} rollouts on ${report.voyages} voyages from seed ${what.firstSeed}`;
    console.log(`\n${found} in ${seconds.toFixed(1)} s (${(report.rollouts / seconds).toFixed(0)} a second)`);
    for (const { what: name, wrong, of, mostRate, probability } of judgeBounds(report))
      console.log(`${name}: ${wrong} of ${of} (at most ${mostRate * 100} %; p = ${probability.toPrecision(2)})`);
  }
  if (report.failure !== null) await again(report.failure.seed);
}

if (values.help) console.log(usage);
else if (values.voyage === undefined) await all();
else await again(whole('voyage'));
