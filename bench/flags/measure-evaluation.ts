import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { quantile } from '../quantile.ts';
import { ours, type Contestant } from './contestants.ts';
import { visitors } from './flag-sets.ts';

export interface EvaluationFigure {
  readonly name: string;
  readonly perSecond: number;
  readonly least: number;
  readonly most: number;
  /** Of all answers, those that were `on`: about 40 %, whoever evaluates. */
  readonly onPercent: number;
}

/** In turns, round by round, each round from another one on, so that what disturbs the machine disturbs all of them. */
export function measureEvaluation(
  contestants: readonly Contestant[],
  flags: number,
  rounds: number,
  turnMs: number,
): readonly EvaluationFigure[] {
  const rates = contestants.map((): number[] => []);
  const on = contestants.map(() => ({ on: 0, all: 0 }));
  for (let round = -1; round < rounds; round += 1) {
    for (let turn = 0; turn < contestants.length; turn += 1) {
      const at = (turn + round + 1) % contestants.length;
      const contestant = contestants[at];
      const counted = on[at];
      if (contestant === undefined || counted === undefined) continue;
      const rate = ask(contestant, flags, turnMs, counted);
      if (round >= 0) rates[at]?.push(rate); // The first one is to get warm.
    }
  }
  return contestants.map(({ name }, at) => {
    const own = rates[at] ?? [];
    const perSecond = quantile(own, 0.5) ?? 0;
    const counted = on[at] ?? { on: 0, all: 1 };
    const onPercent = (100 * counted.on) / Math.max(1, counted.all);
    return { name, perSecond, least: Math.min(...own), most: Math.max(...own), onPercent };
  });
}

function ask(contestant: Contestant, flags: number, turnMs: number, counted: { on: number; all: number }): number {
  const start = performance.now();
  let asked = 0;
  let on = 0;
  let tookMs = 0;
  while (tookMs < turnMs) {
    const visitor = visitors[(asked / flags) % visitors.length];
    if (visitor === undefined) break;
    for (let flag = 0; flag < flags; flag += 1) if (contestant.evaluate(flag, visitor) === 'on') on += 1;
    asked += flags;
    tookMs = performance.now() - start;
  }
  counted.on += on;
  counted.all += asked;
  return (asked * 1000) / tookMs;
}

/** What so many flags take when they are ready to be asked, in megabytes. */
export function measureMemory(flags: number): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  const clean = () => (typeof collect === 'function' ? void collect() : undefined);
  clean();
  const before = process.memoryUsage().heapUsed;
  const kept = ours(flags);
  clean();
  const bytes = process.memoryUsage().heapUsed - before;
  kept.evaluate(0, { targetingKey: 'a', country: 'de', plan: 'pro' });
  return bytes / 1e6;
}
