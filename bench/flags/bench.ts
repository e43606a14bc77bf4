import { parseArgs } from 'node:util';
import { markdownTable } from '../markdown-table.ts';
import { tell } from '../outcome.ts';
import { goFirst } from '../priority.ts';
import { others, ours } from './contestants.ts';
import { measureEvaluation, measureMemory, type EvaluationFigure } from './measure-evaluation.ts';
import { measureServing, type ServingFigures } from './measure-serving.ts';

// What asking for a flag costs, beside the libraries that others ask, and how soon a change is heard of.

const help = `npm run bench -- flags [--quick]

  --quick    shorter turns, fewer changes`;

const flagCount = 100;
const wanted = { times: 5, propagationMs: 100 } as const;

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
});
if (options.help) console.log(help);
else await bench(options.quick);

async function bench(isQuick: boolean): Promise<void> {
  await goFirst(process.pid);
  const megabytes = measureMemory(10_000);
  const { found, missing } = await others(flagCount);
  const contestants = [ours(flagCount), ...found];
  const [rounds, turnMs] = isQuick ? [7, 150] : [21, 400];
  const evaluation = measureEvaluation(contestants, flagCount, rounds, turnMs);
  for (const { close } of contestants) close?.();
  const serving = await measureServing(1000, isQuick ? 15 : 60, isQuick ? 3000 : 10_000);
  print(evaluation, missing, megabytes, serving);
  const [own, ...peers] = evaluation;
  const fastest = peers.reduce((most, { perSecond }) => Math.max(most, perSecond), 0);
  const times = fastest === 0 ? null : (own?.perSecond ?? 0) / fastest;
  const { p99Ms, oneFlag, allFlags } = serving;
  tell({
    ...{ bench: 'flags', isQuick },
    musts: [
      {
        title: 'evaluations a second, to the fastest of the others',
        figure: times === null ? null : `${times.toFixed(1)} ×`,
        wanted: `≥ ${wanted.times} ×`,
        holds: times !== null && times >= wanted.times,
      },
      {
        title: '1,000 clients hear of a change, p99 in ms',
        figure: Number(p99Ms.toFixed(1)),
        wanted: `< ${wanted.propagationMs}`,
        holds: p99Ms < wanted.propagationMs,
      },
      {
        title: 'requests that failed',
        figure: oneFlag.failed + allFlags.failed,
        wanted: '0',
        holds: oneFlag.failed + allFlags.failed === 0,
      },
    ],
    aims: [],
    figures: { evaluation, missing, megabytesOf10000: megabytes, serving },
  });
}

function print(
  evaluation: readonly EvaluationFigure[],
  missing: readonly string[],
  megabytes: number,
  { clients, changes, p50Ms, p99Ms, mostMs, oneFlag, allFlags }: ServingFigures,
): void {
  const thousand = (value: number) => `${(value / 1000).toFixed(0)} k`;
  const rows = evaluation.map(({ name, perSecond, least, most, onPercent }) => [
    ...[name, thousand(perSecond), `${thousand(least)} – ${thousand(most)}`, `${onPercent.toFixed(1)} %`],
  ]);
  console.log(markdownTable(['who', 'evaluations/s', 'least – most', 'of them `on`'], rows));
  for (const each of missing) console.log(`Not there: ${each}`);
  console.log(`\n10,000 flags, compiled: ${megabytes.toFixed(1)} MB`);
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  console.log(
    `${changes} changes heard of by ${clients} clients: p50 ${ms(p50Ms)}, p99 ${ms(p99Ms)}, ${ms(mostMs)} at most`,
  );
  console.log(`one flag by OFREP: ${oneFlag.perSecond.toFixed(0)} requests/s, p99 ${ms(oneFlag.p99Ms)}`);
  console.log(`100 flags at once: ${allFlags.perSecond.toFixed(0)} requests/s, p99 ${ms(allFlags.p99Ms)}\n`);
}
