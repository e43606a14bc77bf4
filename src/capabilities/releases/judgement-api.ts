import { z } from 'zod';

/** What the judge of a rollout thinks, and why: shared by server, CLI and web page. */

const verdict = z.enum(['harmful', 'healthy', 'undecided']);
const evidence = z
  .object({ log: z.number(), threshold: z.number() })
  .meta({ description: 'Natural logarithms; the verdict is reached where `log` is at least `threshold`' });
const counted = z.object({ requests: z.number(), events: z.number() });

const finding = z
  .object({
    service: z.string().nullable().meta({ description: 'Null for probes, which ask the app as a whole' }),
    metric: z.enum(['failures', 'late', 'durations', 'probes']),
    thresholdMs: z.number().nullable().meta({ description: 'After which a request is late; null for other metrics' }),
    verdict,
    harm: evidence,
    health: evidence,
    counted: z.object({ new: counted, old: counted }),
  })
  .meta({ id: 'Finding', description: 'What is thought of one metric of one service' });

export const judged = z
  .object({
    at: z.number().meta({ description: 'When the judge looked last' }),
    verdict,
    sentence: z.string().meta({ description: 'What it thinks, why, and what it would take to know more' }),
    findings: z.array(finding),
    broken: z.array(z.string()).meta({ description: 'Limits and signals that are broken, a sentence each' }),
    exposure: z.object({
      spent: z.number().meta({ description: 'Failed requests beyond those that the old release would have had' }),
      budget: z.number().nullable(),
    }),
    points: z
      .array(z.object({ at: z.number(), harm: z.number(), health: z.number() }))
      .meta({ description: 'How the evidence grew: parts of what is needed for a verdict' }),
  })
  .meta({ id: 'Judged', description: 'The new release beside the old one, by live signals' });

export const plannedCanary = z
  .object({
    requestsPerS: z.number().nullable().meta({ description: 'What users ask for now; null: nothing is known of it' }),
    toFullTrafficMs: z
      .number()
      .nullable()
      .meta({ description: 'What it takes at this load until all users but the held back have the new release' }),
    budget: z.number().nullable().meta({ description: 'How many failed requests it may cost; null: no such limit' }),
    withinMs: z.number(),
  })
  .meta({ id: 'PlannedCanary' });

export type JudgedView = z.infer<typeof judged>;
