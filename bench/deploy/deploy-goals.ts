import type { Goal } from '../outcome.ts';
import type { MethodSummary } from './deploy-summary.ts';

/** What one boot may cost beyond itself, and two that follow each other, in milliseconds. */
const overheadLimitMs = { 'Lotse blue-green': 150, 'Lotse rolling': 300, 'Lotse recreate': 1_000 } as const;
/** From when the last new copy was seen healthy to the first request that a new copy gets, in milliseconds. */
const switchLimitMs = 5;
/** Of fewer deploys a median tells nothing. */
export const fewestForMedian = 5;
/** How much slower the slowest hundredth may be during a deploy than before it. */
const p99Factor = 3;

const strategies = ['Lotse blue-green', 'Lotse rolling', 'Lotse recreate'] as const;
type Strategy = (typeof strategies)[number];

/** `count`: how many deploys of each there should have been. */
export function deployGoals(
  summaries: readonly MethodSummary[],
  count: number,
): { readonly musts: readonly Goal[]; readonly aims: readonly Goal[] } {
  const quiet = summaries.filter((summary) => !summary.isBusy);
  const musts = strategies.flatMap((method) => mustsOf(method, ofMethod(summaries, method), count));
  const aims = strategies.flatMap((method) => ofMethod(quiet, method).flatMap((found) => aimsOf(method, found)));
  const switches = ofMethod(quiet, 'Lotse blue-green').map(({ method, switchMs }) => switchOf(method, switchMs));
  return count < fewestForMedian ? { musts, aims: [...aims, ...switches] } : { musts: [...musts, ...switches], aims };
}

function ofMethod(summaries: readonly MethodSummary[], method: Strategy): readonly MethodSummary[] {
  return summaries.filter((summary) => summary.method === method);
}

/** Beside a busy process as without one. */
export function mustsOf(method: string, own: readonly MethodSummary[], count: number): readonly Goal[] {
  const total = (figure: (summary: MethodSummary) => number) => own.reduce((sum, each) => sum + figure(each), 0);
  const [failed, requests] = [total((each) => each.failed), total((each) => each.requests)];
  const [deploys, problems] = [total((each) => each.deploys), total((each) => each.problems.length)];
  return [
    {
      title: `${method}: failed requests of ${requests}`,
      figure: failed,
      wanted: '0',
      holds: failed === 0 && requests > 0,
    },
    {
      title: `${method}: deploys that did what they should`,
      figure: deploys - problems,
      wanted: `${count}`,
      holds: deploys === count && problems === 0,
    },
  ];
}

function aimsOf(method: Strategy, found: MethodSummary): readonly Goal[] {
  const { overheadMs, oldAfterDone, switchMs, p99BeforeMs, p99DuringMs, longestMs } = found;
  const factor = p99BeforeMs === null || p99DuringMs === null ? null : p99DuringMs / p99BeforeMs;
  const overhead = atMost(`${method}: time to 100 % new over the app's own boots`, overheadMs, overheadLimitMs[method]);
  const aims: readonly Goal[] = [
    overhead,
    {
      title: `${method}: answers of the old release to requests after the rollout said that it is live`,
      figure: oldAfterDone,
      wanted: '0',
      holds: oldAfterDone === 0,
    },
  ];
  const p99: Goal = {
    title: `${method}: p99 during the deploy to p99 before it`,
    figure: factor === null ? null : factor.toFixed(1),
    wanted: `at most ${p99Factor}`,
    holds: factor !== null && factor <= p99Factor,
  };
  switch (method) {
    case 'Lotse blue-green':
    case 'Lotse rolling':
      return [...aims, p99];
    case 'Lotse recreate':
      return [
        ...aims,
        switchOf(method, switchMs),
        atMost(`${method}: the pause, as the longest wait of a request`, longestMs, 3_000),
      ];
  }
}

function switchOf(method: string, switchMs: number | null): Goal {
  return atMost(`${method}: first request to the new release after the last copy was healthy`, switchMs, switchLimitMs);
}

export function atMost(title: string, ms: number | null, limitMs: number): Goal {
  return {
    title,
    figure: ms === null ? null : `${ms.toFixed(1)} ms`,
    wanted: `at most ${limitMs} ms`,
    holds: ms !== null && ms <= limitMs,
  };
}
