import { parseArgs } from 'node:util';
import { tell } from '../outcome.ts';
import { good } from '../bildwerk/troubles.ts';
import { recordingFile } from './library.ts';
import { record } from './record.ts';
import { replayAll } from './replay-all.ts';
import { settings } from './settings.ts';
import { figuresOf, goalsOf, line, titleOf } from './summary.ts';
import { tables } from './tables.ts';

// How often canaries of the reference app end as they should: recorded traffic, with whatever each release did to it, once
// more through the real plan, engine and judge, again and again with other people in other buckets.

const help = `npm run bench -- replay [--quick] [--replays N] [--setting TEXT] [--seed N] [--record]

  --quick         60 replays of each setting, without strangers, of one strategy
  --replays N     so many of each setting (default 1000)
  --setting TEXT  only settings with this text in their title
  --seed N        other draws (default 1)
  --record        records anew before, with real processes: a quarter of an hour`;

const recordedMs = { good: 300_000, bad: 60_000 };

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    replays: { type: 'string', default: '1000' },
    setting: { type: 'string', default: '' },
    seed: { type: 'string', default: '1' },
    record: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) console.log(help);
else await bench(options.quick);

async function bench(isQuick: boolean): Promise<void> {
  if (options.record) {
    await record(recordingFile, ({ name }) => (name === good.name ? recordedMs.good : recordedMs.bad));
  }
  const isWanted = (setting: (typeof settings)[number]) =>
    isQuick
      ? setting.strategy === 'budget' && setting.strangers === 'nobody'
      : titleOf(setting).includes(options.setting);
  const times = isQuick ? 60 : Number(options.replays);
  const all = await replayAll(settings.filter(isWanted), times, Number(options.seed), (done) =>
    console.log(line(figuresOf(done))),
  );
  const figures = all.map(figuresOf);
  console.log(`\n${tables(figures)}\n`);
  tell({ bench: 'replay', isQuick, ...goalsOf(figures), figures });
}
