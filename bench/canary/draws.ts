import { horizon, usual } from './bounds.ts';
import type { Setting } from './bounds.ts';
import type { Chance } from './chance.ts';
import type { DrawnDurations } from './durations.ts';
import { otherRules } from './other-rules.ts';
import { polledJudge } from './polled-judge.ts';
import type { Polls } from './polled-judge.ts';
import { healthyPerRequest, shippedPerBucket, shippedPerRequest } from './shipped-judge.ts';
import { spentBudget } from './spent-budget.ts';
import { perBucket, perDuration, perRequest } from './single-tests.ts';
import type { Crowd } from './visitors.ts';

/** What is drawn again and again; plain data, because other threads draw. `rate`: of the new release's failures. */
export type Draw =
  | { readonly kind: 'alone'; readonly unit: 'request' | 'bucket'; readonly rate: number }
  | { readonly kind: 'shipped by request'; readonly rate: number; readonly setting: Setting }
  | { readonly kind: 'shipped by bucket'; readonly rate: number; readonly setting: Setting; readonly crowd: Crowd }
  | { readonly kind: 'slower'; readonly factor: number }
  | { readonly kind: 'healthy'; readonly rate: number }
  | { readonly kind: 'polled'; readonly rate: number; readonly polls: Polls }
  | { readonly kind: 'budget'; readonly crowd: Crowd; readonly permille: number }
  | { readonly kind: 'other rule'; readonly title: string; readonly rate: number };

/** Canary requests until the alarm, or until found healthy (`polled`: failed ones; `budget`: minutes); null: not within the horizon. */
export function draw(what: Draw, chance: Chance, durations: DrawnDurations): number | null {
  switch (what.kind) {
    case 'alone':
      return (what.unit === 'request' ? perRequest : perBucket)(chance, what.rate, usual);
    case 'shipped by request':
      return shippedPerRequest(chance, what.rate, what.setting, durations);
    case 'shipped by bucket':
      return shippedPerBucket(chance, what.rate, what.crowd, what.setting);
    case 'slower':
      return perDuration(chance, what.factor, usual, 3_000);
    case 'healthy':
      return healthyPerRequest(chance, what.rate, usual);
    case 'polled':
      return polledJudge(chance, what.rate, what.polls);
    case 'budget':
      return spentBudget(chance, what.crowd, what.permille);
    case 'other rule':
      return otherRules.find(({ title }) => title === what.title)?.run(chance, what.rate) ?? null;
  }
}

/** A run without an alarm counts as the whole horizon. */
export interface Measured {
  readonly runs: number;
  readonly alarms: number;
  readonly total: number;
}

export function measure(what: Draw, runs: number, chance: Chance, durations: DrawnDurations): Measured {
  let alarms = 0;
  let total = 0;
  for (let i = 0; i < runs; i++) {
    const found = draw(what, chance, durations);
    if (found !== null) alarms++;
    total += found ?? horizon;
  }
  return { runs, alarms, total };
}
