// `npm run simulate -- --seed N --rollouts M`: rollouts by the real machine in a simulated world. The same seed shows the same.
import { parseArgs } from 'node:util';
import { countLines, sailFleet } from '../test/simulation/fleet.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    rollouts: { type: 'string', default: '4000' },
  },
});
const startedMs = performance.now();
const report = await sailFleet(Number(values.seed), Number(values.rollouts), () => false);
for (const line of countLines(report)) console.log(line);
const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
console.log(`\n${report.rollouts} rollouts on ${report.voyages} voyages from seed ${values.seed} in ${seconds} s`);
if (report.failure !== null) {
  const { seed, trace, violations, replay } = report.failure;
  console.error([...trace, '', `seed ${seed}:`, ...violations, '', `Again: ${replay}`].join('\n'));
  process.exitCode = 1;
}
