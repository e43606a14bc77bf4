import type { Goal } from '../outcome.ts';
import type { MethodSummary } from './deploy-summary.ts';

/** What one boot may cost beyond itself, and two that follow each other, in milliseconds. */
const overheadLimitMs = { 'Lotse blue-green': 150, 'Lotse rolling': 300 } as const;
/** How much slower the slowest hundredth may be during a deploy than before it. */
const p99Factor = 3;

const strategies = ['Lotse blue-green', 'Lotse rolling'] as const;

/** `count`: how many deploys of each there should have been. */
export function deployGoals(
  summaries: readonly MethodSummary[],
  count: number,
): { readonly musts: readonly Goal[]; readonly aims: readonly Goal[] } {
  const own = strategies.map((method) => ({ method, found: summaries.find((each) => each.method === method) }));
  const musts = own.flatMap(({ method, found }) => [
    {
      title: `${method}: failed requests`,
      figure: found?.failed ?? null,
      wanted: '0',
      holds: found?.failed === 0 && found.requests > 0,
    },
    {
      title: `${method}: deploys that did what they should`,
      figure: found === undefined ? null : found.deploys - found.problems.length,
      wanted: `${count}`,
      holds: found !== undefined && found.deploys === count && found.problems.length === 0,
    },
  ]);
  return { musts, aims: own.flatMap(({ method, found }) => (found === undefined ? [] : aimsOf(method, found))) };
}

function aimsOf(method: (typeof strategies)[number], found: MethodSummary): readonly Goal[] {
  const { overheadMs, p99BeforeMs, p99DuringMs, oldAfterDone } = found;
  const limitMs = overheadLimitMs[method];
  const factor = p99BeforeMs === null || p99DuringMs === null ? null : p99DuringMs / p99BeforeMs;
  return [
    {
      title: `${method}: time to 100 % new over the app's own boots`,
      figure: overheadMs === null ? null : `${overheadMs.toFixed(0)} ms`,
      wanted: `at most ${limitMs} ms`,
      holds: overheadMs !== null && overheadMs <= limitMs,
    },
    {
      title: `${method}: p99 during the deploy to p99 before it`,
      figure: factor === null ? null : factor.toFixed(1),
      wanted: `at most ${p99Factor}`,
      holds: factor !== null && factor <= p99Factor,
    },
    {
      title: `${method}: answers of the old release to requests after the rollout said that it is live`,
      figure: oldAfterDone,
      wanted: '0',
      holds: oldAfterDone === 0,
    },
  ];
}
