import { atMost, fewestForMedian, mustsOf } from '../deploy/deploy-goals.ts';
import type { MethodSummary } from '../deploy/deploy-summary.ts';
import type { Goal } from '../outcome.ts';

/** What a deploy may cost beyond the boots of its containers, in milliseconds. */
const overheadLimitMs = 400;

/** Ours, each with those that it is compared to and the part of their overhead that it should stay below. */
const rivals = {
  'Lotse blue-green': { 'Swarm, both at once': 0.25, 'compose up': 1 },
  'Lotse rolling': { 'Swarm, one by one': 0.25 },
} as const;

/**
 * `count`: how many deploys of each of ours there should have been. `bootMs`: of one container. The last new copy of
 * blue-green is held to the limit, and the first one of rolling: behind it, old copies finish and end between the boots.
 */
export function containerGoals(
  summaries: readonly MethodSummary[],
  count: number,
  bootMs: number,
): { readonly musts: readonly Goal[]; readonly aims: readonly Goal[] } {
  const of = (method: string) => summaries.filter((summary) => summary.method === method);
  const own = Object.entries(rivals);
  const musts = own.flatMap(([method]) => mustsOf(method, of(method), count));
  const overheads = of('Lotse blue-green').map(({ method, overheadMs }) => allNewOver(method, overheadMs));
  const firsts = of('Lotse rolling').map(({ method, firstNewMs }) => {
    const overMs = firstNewMs === null ? null : firstNewMs - bootMs;
    return atMost(`${method}: time to the first answer of a new copy over its boot`, overMs, overheadLimitMs);
  });
  const both = of('Lotse rolling').map(({ method, overheadMs }) => allNewOver(method, overheadMs));
  const parts = own.flatMap(([method, others]) =>
    of(method).flatMap((mine) =>
      Object.entries(others).flatMap(([other, part]) => of(other).map((theirs) => partOf(mine, theirs, part))),
    ),
  );
  return count < fewestForMedian
    ? { musts, aims: [...overheads, ...firsts, ...both, ...parts] }
    : { musts: [...musts, ...overheads, ...firsts], aims: [...both, ...parts] };
}

function allNewOver(method: string, overheadMs: number | null): Goal {
  return atMost(`${method}: time to 100 % new over the containers' own boots`, overheadMs, overheadLimitMs);
}

function partOf(mine: MethodSummary, theirs: MethodSummary, part: number): Goal {
  const factor =
    mine.overheadMs === null || theirs.overheadMs === null ? null : Math.max(0, mine.overheadMs) / theirs.overheadMs;
  return {
    title: `${mine.method}: overhead to that of ${theirs.method}`,
    figure: factor === null ? null : `${factor.toFixed(2)} ×`,
    wanted: `at most ${part} ×`,
    holds: factor !== null && factor >= 0 && factor <= part,
  };
}
