// `npm run soak -- [--minutes 30] [--rate 200]`: a proxy under load with deploys, killed and replaced workers. The exit code is 1 when it grows or loses something.
import { parseArgs } from 'node:util';
import { judgeSoak } from '../test/soak/judge-soak.ts';
import { Soak } from '../test/soak/soak.ts';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '30' }, rate: { type: 'string', default: '200' } },
});
const soak = new Soak({
  minutes: Number(values.minutes),
  requestsPerSecond: Number(values.rate),
  say: (line) => console.log(line),
});
const report = await soak.run();
console.log(JSON.stringify(report, null, 2));
console.log(
  `memory: ${(report.earlyBytes / 2 ** 20).toFixed(1)} MB early, ${(report.lateBytes / 2 ** 20).toFixed(1)} MB late, ${(report.lateBytes / report.earlyBytes).toFixed(3)} times`,
);
const problems = judgeSoak(report, 1.05);
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
