import { z } from 'zod';
import type { Release, Revision } from '../../rollout/release.ts';

/** Parsers of the JSON documents that the database keeps for releases and revisions. */

const check = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('http'), path: z.string() }),
  z.object({ kind: z.literal('tcp') }),
]);

const service = z.object({
  service: z.string(),
  kind: z.enum(['web', 'worker']),
  argv: z.array(z.string()),
  root: z.string(),
  port: z.number().nullable(),
  path: z.string(),
  ready: check.nullable(),
  live: check.nullable(),
  drainMs: z.number(),
  instances: z.number(),
  memoryBytes: z.number().nullable(),
  cpuCores: z.number().nullable(),
  stickiness: z.enum(['cookie', 'none']),
  readsClaim: z.boolean(),
});

const job = z.object({ job: z.string(), argv: z.array(z.string()), root: z.string(), withinMs: z.number() });
const store = z.object({ store: z.string(), kind: z.literal('folder'), folder: z.string(), shared: z.boolean() });

export const releaseDocument = z.object({
  id: z.string(),
  app: z.string(),
  number: z.number(),
  createdAt: z.number(),
  source: z.object({
    commit: z.string(),
    dirty: z.boolean(),
    branch: z.string().nullable(),
    subject: z.string().nullable(),
  }),
  artifact: z.string(),
  services: z.array(service),
  jobs: z.array(job),
  verification: job.nullable(),
  manifestText: z.string(),
  hasDockerfile: z.boolean(),
  checklists: z.record(z.string(), z.string()),
}) satisfies z.ZodType<Release>;

export const revisionDocument = z.object({
  id: z.string(),
  app: z.string(),
  environment: z.string(),
  number: z.number(),
  release: z.string(),
  artifact: z.string(),
  plannedAt: z.number(),
  services: z.array(service),
  jobs: z.array(job),
  verification: job.nullable(),
  stores: z.array(store),
  configVersion: z.string(),
}) satisfies z.ZodType<Revision>;
