import { z } from 'zod';
import { defaults } from '../defaults.ts';
import { key } from './key.ts';
import { command, duration, mapping, nonEmptyText, oneOf, percent, record, relativePath } from './values.ts';

/** Ranks of durations that have a limit of their own. */
export const durationRanks = ['p50', 'p90', 'p95', 'p99'] as const;

const rank = (name: (typeof durationRanks)[number]) =>
  key(duration, {
    description: `The longest that the fastest ${name.slice(1)} % of requests may take.`,
    example: '800ms',
    leftOut: 'no fixed limit',
  });

/** Signals come in the units that Prometheus recommends: durations in seconds, percentages as parts of one. */
const signalLimit = z.union([percent, duration.transform((ms) => ms / 1000), z.number()], {
  error: 'a percentage, a duration or a number',
});

export const limits = z
  .object(
    {
      failures: key(percent, {
        description: 'The most requests that may fail.',
        example: '1%',
        leftOut: 'no fixed limit',
      }),
      p50: rank('p50'),
      p90: rank('p90'),
      p95: rank('p95'),
      p99: rank('p99'),
    },
    { error: 'a mapping of limits' },
  )
  .catchall(signalLimit);

const signal = mapping(
  {
    prometheus: key(nonEmptyText('a PromQL query'), {
      description:
        'The query that yields the number, asked of the Prometheus that the environment names. `$release` in it stands for the release that is asked about: then new and old are compared. `$variant`, in a regular expression (`=~"$variant"`), stands for a variant of a flag that is guarded by the signal, and for all of them when a release is judged.',
      example: 'max(queue_oldest_job_seconds{release="$release"})',
      leftOut: '`run` says where the number comes from',
    }),
    run: key(command, {
      description:
        'A command that prints the number as its last line. The variable LOTSE_SIGNAL_RELEASE names the release that is asked about.',
      example: 'node jobs/queue-age.ts',
      leftOut: '`prometheus` says where the number comes from',
    }),
    root: key(relativePath, {
      description: 'The folder that the command of `run` is started in.',
      example: 'apps/web',
      default: defaults.root,
    }),
    better: key(oneOf(['lower', 'higher']), {
      description: 'Which direction is better.',
      example: 'higher',
      default: 'lower',
    }),
  },
  'a mapping with `prometheus` or `run`',
).meta({ id: 'Signal', description: 'A number from elsewhere that a release is judged by.' });
const signalName = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, { error: 'a name such as queue_age' });

export const signals = record(signalName, signal, 'a mapping of names to queries');

export type WrittenSignal = z.output<typeof signal>;
