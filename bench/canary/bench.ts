import { parseArgs } from 'node:util';
import { tell } from '../outcome.ts';
import { drawAll } from './draw-all.ts';
import { parts } from './parts.ts';

// How many requests a bad release costs until the judge has found it, beside what theory says that any judge needs and
// what fixed rules need on the same streams; and how often the judge accuses a good one. Nothing here depends on time.

const help = `npm run bench -- canary [--quick] [--seed N] [--only WORDS]

  --quick        fewer runs; within 50 seconds
  --seed N       another draw (default 1)
  --only WORDS   only the parts whose title has them`;

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) console.log(help);
else await bench();

async function bench(): Promise<void> {
  const chosen = parts.filter(({ title }) => title.includes(options.only));
  const wanted = chosen.flatMap((part) => part.wanted(options.quick));
  const all = await drawAll(wanted, Number(options.seed));
  const goals = [];
  const figures: Record<string, unknown> = {};
  let taken = 0;
  for (const part of chosen) {
    const own = part.wanted(options.quick);
    const measured = all.slice(taken, (taken += own.length));
    const told = part.tell(measured);
    console.log(`${part.title}\n\n${told.table}\n`);
    goals.push(...told.goals);
    figures[part.title] = own.map(({ what }, index) => ({ ...what, ...measured[index] }));
  }
  tell({ bench: 'canary', isQuick: options.quick, musts: goals, aims: [], figures });
}
