import { z } from 'zod';
import { severities } from '../../core/severities.ts';

/** Shapes of evidence that pipelines bring: what a report of tests or of a scan says, counted. */

const count = z.number().int().min(0).max(10_000_000);
const name = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9._-]{0,58}[a-z0-9])?$/)
  .meta({ description: 'Tells several reports of a release apart' });
const about = {
  release: z.string().optional(),
  commit: z
    .string()
    .regex(/^[0-9a-f]{7,64}$/)
    .optional()
    .meta({ description: 'Instead of the release: the newest one of this commit' }),
  name,
  hash: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .meta({ description: 'SHA-256 of the report' }),
};

export const evidenceRequest = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('tests'), ...about, tests: count, failed: count, skipped: count }),
  z.object({
    kind: z.literal('scan'),
    ...about,
    findings: z.object({ critical: count, high: count, medium: count, low: count }),
    failOn: z.enum(severities).default('high').meta({ description: 'The least severity that is no evidence any more' }),
  }),
]);

export type EvidenceRequest = z.output<typeof evidenceRequest>;

export const evidenceRoutes = { addEvidence: 'POST /apps/:app/environments/:environment/evidence' } as const;
