// `npm run fuzz -- --seed N --requests M [--whole-path K] [--replay SEED]`: damaged request streams into the proxy. The same seed shows the same.
import { parseArgs } from 'node:util';
import { fuzzParser, fuzzWholePath, replay } from '../test/fuzz/fuzz.ts';
import type { FuzzReport } from '../test/fuzz/fuzz.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    requests: { type: 'string', default: '1000000' },
    /** How many of them also go through a whole proxy on sockets. */
    'whole-path': { type: 'string', default: '10000' },
    replay: { type: 'string' },
  },
});

function print(level: string, { streams, requests, ends, failure }: FuzzReport, startedMs: number): void {
  const seconds = (performance.now() - startedMs) / 1_000;
  console.log(
    `${level}: ${requests} requests in ${streams} streams from seed ${values.seed} in ${seconds.toFixed(1)} s, ${Math.round(requests / seconds)} per second`,
  );
  for (const [end, count] of Object.entries(ends)) console.log(`  ${end}: ${count}`);
  if (failure === null) return;
  const { problem, smallest, seed } = failure;
  console.error([problem, `Smallest: ${smallest}`, `Again: npm run fuzz -- --replay ${seed}`].join('\n'));
  process.exitCode = 1;
}

if (values.replay !== undefined) {
  const { stream, problems } = await replay(Number(values.replay));
  console.log(`In ${stream.pieces.length} pieces: ${stream.pieces.map(({ length }) => length).join(', ')} bytes`);
  console.log(JSON.stringify(stream.text));
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
} else {
  const seed = Number(values.seed);
  let startedMs = performance.now();
  print('parser', await fuzzParser({ seed, requests: Number(values.requests) }), startedMs);
  startedMs = performance.now();
  print('whole path', await fuzzWholePath({ seed, requests: Number(values['whole-path']) }), startedMs);
}
