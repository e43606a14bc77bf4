import { z } from 'zod';
import { defaults } from '../defaults.ts';
import { key } from './key.ts';
import { limits, signals } from './limits.ts';
import { duration, mapping, numberAbove, oneOf, percent } from './values.ts';

export const strategyNames = ['blue-green', 'rolling', 'recreate', 'canary'] as const;
const strategyName = oneOf(strategyNames);

const budgetExpected = 'a list of percentages, or a budget such as `30 failed requests`';
const canary = z.union(
  [
    z.array(percent).min(1, { error: budgetExpected }),
    z.string().regex(/^[1-9]\d{0,6} failed requests?$/, { error: budgetExpected }),
  ],
  { error: budgetExpected },
);

const strategyMapping = mapping(
  {
    name: key(strategyName, {
      description:
        '`blue-green` starts all of the new release, then moves the traffic at once. `rolling` replaces copy by copy. `recreate` pauses requests, stops the old release and starts the new one. `canary` moves a growing share of the users; it is meant when the key `canary` is there.',
      example: 'canary',
      leftOut: '`canary` where that key is there, else `blue-green`',
    }),
    watch: key(duration, {
      description:
        'How long the new release is watched after the last shift. The old one stays warm; harm brings it back.',
      example: '1h',
      default: defaults.watch,
    }),
    within: key(duration, {
      description:
        'How long the rollout may take until the new release has all traffic; then it returns. A canary is given this time from its first share on; one that is still undecided then returns too, and is not in quarantine.',
      example: '30m',
      default: defaults.rolloutWithin,
    }),
    canary: key(canary, {
      description:
        'The shares that the new release gets one after the other, ascending, in steps of 0.1 % or more; or how many failed requests it may cost, such as `30 failed requests`: then Lotse derives the shares. From 5 % on a share must be found healthy before the next one.',
      example: ['1%', '5%', '25%', '50%'],
      leftOut: 'no canary',
    }),
    every: key(duration, {
      description: 'The least time at each share of a canary.',
      example: '10m',
      leftOut: 'as soon as the judge is sure',
    }),
    holdback: key(percent, {
      description: 'The share that stays on the old release until the watch is over, to compare with; at most 50 %.',
      example: '5%',
      leftOut: '5 % for a canary, nothing for blue-green',
    }),
    margin: key(numberAbove(0.999, 100, 'a factor from 1 on'), {
      description: 'Up to this factor of the old failure rate the new release is never called harmful.',
      example: 1.1,
      default: defaults.margin,
    }),
    tolerance: key(numberAbove(0.999, 100, 'a factor from 1 on'), {
      description: 'Below this factor of the old failure rate the new release may be called healthy.',
      example: 2,
      default: defaults.tolerance,
    }),
    limits: key(limits, {
      description:
        'Fixed limits, beside the comparison of new and old that is always made: the most requests that may fail (`failures`), the longest that the fastest 50, 90, 95 or 99 % may take (`p50` … `p99`), and a number for each name of `signals`. A release that breaks one goes back.',
      example: { failures: '1%', p99: '800ms' },
      leftOut: 'only new against old',
    }),
    signals: key(signals, {
      description:
        'Numbers from elsewhere that are judged too, by name: a query (`prometheus`), or a command that prints one (`run`).',
      example: { queue_age: { prometheus: 'max(queue_oldest_job_seconds)' } },
      leftOut: 'requests and checks only',
    }),
  },
  'blue-green, rolling, recreate, or a mapping such as { canary: [1%, 5%, 25%, 50%] }',
).meta({ id: 'Strategy', description: 'How an environment moves from one release to the next.' });

/** The short form is the name alone. */
export const strategy = z.union([strategyName, strategyMapping], {
  error: 'blue-green, rolling, recreate, or a mapping such as { canary: [1%, 5%, 25%, 50%] }',
});

export type WrittenStrategy = z.output<typeof strategy>;
