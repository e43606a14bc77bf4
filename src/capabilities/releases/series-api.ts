import { z } from 'zod';

/** Shapes of the route about what users asked lately. Times are unix milliseconds. */

const longestMs = 7_200_000;
const times = z.array(z.number().nullable());

export const seriesQuery = z.object({
  service: z.string().max(100).optional().meta({ description: 'Left out: every service' }),
  forMs: z.coerce
    .number()
    .int()
    .min(10_000)
    .max(longestMs)
    .default(longestMs)
    .meta({ description: 'How far back, in milliseconds; at most two hours' }),
});

export const trafficSeries = z
  .object({
    stepMs: z.number().int().meta({ description: 'Length of a bucket, in milliseconds' }),
    from: z.number().meta({ description: 'Where the first bucket begins' }),
    exactSince: z.number().nullable().meta({
      description:
        'Before it a bucket shows an average since the shares were changed last; null: nothing was counted yet',
    }),
    series: z.array(
      z.object({
        service: z.string(),
        revision: z.string(),
        requests: z.array(z.number()).meta({ description: 'By bucket, the oldest first' }),
        failed: z.array(z.number()).meta({ description: 'Answered 5xx, or not at all' }),
        medianMs: times.meta({
          description:
            'Half of the requests took at most so long; null: none was timed, or its instance was warming up',
        }),
        p95Ms: times.meta({ description: '95 of 100 took at most so long' }),
      }),
    ),
  })
  .meta({ id: 'TrafficSeries', description: 'What users asked of services, by revision, in buckets that are over' });

export type TrafficSeriesView = z.infer<typeof trafficSeries>;
