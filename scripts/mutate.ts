// `npm run mutate`: what tests and simulation find when Stryker changes the sources of the rollout and the engine.
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { mutate } from '../test/mutation/mutate.ts';
import { readSurvivors } from '../test/mutation/survivors.ts';

const usage = `npm run mutate -- [--files GLOB] [--sample N] [--seed S] [--rollouts M] [--workers K]
                        [--resume | --again] [--folder PATH]

Makes mutants of src/rollout and src/engine and counts those that neither the unit tests nor simulated rollouts notice.
The exit code is 1 when one of them has no reason in test/mutation/survivors.md.

  --files     only sources that match
  --sample    so many mutants by chance, in random order
  --seed      of the chance (1)
  --rollouts  simulated for each mutant that the unit tests let live (10000)
  --workers   mutants at a time (one for each processor)
  --resume    goes on where the last campaign was interrupted, with the sources and tests of then
  --again     those that the last campaign did not kill, with the sources and tests of now
  --folder    what is known so far (.lotse/mutation)`;

const { values } = parseArgs({
  options: {
    files: { type: 'string' },
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    rollouts: { type: 'string', default: '10000' },
    workers: { type: 'string', default: String(availableParallelism()) },
    folder: { type: 'string', default: join('.lotse', 'mutation') },
    again: { type: 'boolean', default: false },
    resume: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function whole(name: 'sample' | 'seed' | 'rollouts' | 'workers', text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`--${name} is a whole number, not ${text}.`);
  return number;
}

async function run(): Promise<void> {
  const root = process.cwd();
  const list = join(root, 'test', 'mutation', 'survivors.md');
  const { lines, unexplained, waiting } = await mutate({
    root,
    folder: resolve(values.folder),
    files: values.files ?? null,
    sample: values.sample === undefined ? null : whole('sample', values.sample),
    seed: whole('seed', values.seed),
    rollouts: whole('rollouts', values.rollouts),
    workers: Math.max(1, whole('workers', values.workers)),
    isResumed: values.resume,
    isAgain: values.again,
    known: existsSync(list) ? readSurvivors(readFileSync(list, 'utf8')) : new Map(),
    tell: (line) => console.error(line),
  });
  for (const line of lines) console.log(line);
  if (unexplained.length > 0)
    console.log(`${unexplained.length} survivors have no reason in test/mutation/survivors.md.`);
  if (unexplained.length > 0 || waiting > 0) process.exitCode = 1;
}

// Processes that a mutant keeps busy for ever end with this one.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
if (values.help) console.log(usage);
else await run();
