import { z } from 'zod';
import { defaults } from '../defaults.ts';
import { key, requiredKey } from './key.ts';
import { duration, mapping, nonEmptyText, numberAbove, oneOf, percent, record } from './values.ts';

export const strategyNames = ['blue-green', 'rolling', 'recreate'] as const;
const strategyName = oneOf(strategyNames);

const budgetExpected = 'a list of percentages, or a budget such as `30 failed requests`';
const canary = z.union(
  [z.array(percent).min(1, { error: budgetExpected }), z.string().regex(/^[1-9]\d{0,6} failed requests?$/)],
  { error: budgetExpected },
);

const limit = z.union([percent, duration, z.number()], { error: 'a percentage, a duration or a number' });
const limits = z
  .object(
    {
      failures: key(percent, {
        description: 'The most requests that may fail.',
        example: '1%',
        leftOut: 'no fixed limit',
      }),
      ...Object.fromEntries(
        ['p50', 'p90', 'p95', 'p99'].map((rank) => [
          rank,
          key(duration, {
            description: `The longest that the fastest ${rank.slice(1)} % of requests may take.`,
            example: '800ms',
            leftOut: 'no fixed limit',
          }),
        ]),
      ),
    },
    { error: 'a mapping of limits' },
  )
  .catchall(limit);

const signal = mapping(
  {
    prometheus: requiredKey(nonEmptyText('a PromQL query'), {
      description: 'The query that yields the number.',
      example: 'max(queue_oldest_job_seconds)',
    }),
    better: key(oneOf(['lower', 'higher']), {
      description: 'Which direction is better.',
      example: 'higher',
      default: 'lower',
    }),
  },
  'a mapping with `prometheus`',
);
const signalName = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, { error: 'a name such as queue_age' });

const strategyMapping = mapping(
  {
    name: key(strategyName, {
      description:
        '`blue-green` starts all of the new release, then moves the traffic at once. `rolling` replaces copy by copy. `recreate` pauses requests, stops the old release and starts the new one.',
      example: 'rolling',
      default: defaults.strategy,
    }),
    watch: key(duration, {
      description:
        'How long the new release is watched after the last shift. The old one stays warm; harm brings it back.',
      example: '1h',
      default: defaults.watch,
    }),
    within: key(duration, {
      description: 'How long the rollout may take until the new release has all traffic; then it returns.',
      example: '30m',
      default: defaults.rolloutWithin,
    }),
    canary: key(canary, {
      description: 'The shares that the new release gets one after the other, or how many failed requests it may cost.',
      example: ['1%', '5%', '25%', '50%'],
      leftOut: 'no canary',
    }),
    every: key(duration, {
      description: 'The least time between two shares.',
      example: '10m',
      leftOut: 'as soon as the judge is sure',
    }),
    holdback: key(percent, {
      description: 'The share that stays on the old release until the watch is over, to compare with.',
      example: '5%',
      default: defaults.holdback,
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
        'Fixed limits, beside the comparison of new and old that is always made. Other names are those of `signals`.',
      example: { failures: '1%', p99: '800ms' },
      leftOut: 'only new against old',
    }),
    signals: key(record(signalName, signal, 'a mapping of names to queries'), {
      description: 'Numbers from elsewhere that are judged too, by name.',
      example: { queue_age: { prometheus: 'max(queue_oldest_job_seconds)' } },
      leftOut: 'requests and checks only',
    }),
  },
  'blue-green, rolling, recreate, or a mapping',
).meta({ id: 'Strategy', description: 'How an environment moves from one release to the next.' });

/** The short form is the name alone. */
export const strategy = z.union([strategyName, strategyMapping], {
  error: 'blue-green, rolling, recreate, or a mapping',
});
