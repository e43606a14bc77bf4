import { z } from 'zod';
import type { Release, Revision } from '../../rollout/release.ts';

/** Parsers of the JSON documents that the database keeps for releases and revisions. */

const check = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('http'), path: z.string() }),
  z.object({ kind: z.literal('tcp') }),
]);

const stickiness = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('cookie') }),
  z.object({ kind: z.literal('header'), name: z.string() }),
  z.object({ kind: z.literal('address') }),
  z.object({ kind: z.literal('none') }),
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
  stickiness: z.union([
    // As it was written before there were others.
    z.enum(['cookie', 'none']).transform((kind) => ({ kind })),
    stickiness,
  ]),
  assets: z.string().nullable().default(null),
  readsClaim: z.boolean(),
  secretsAs: z.literal('files').exactOptional(),
});

const job = z.object({
  job: z.string(),
  argv: z.array(z.string()),
  root: z.string(),
  withinMs: z.number(),
  schedule: z.object({ cron: z.string(), timezone: z.string() }).exactOptional(),
  rotates: z.string().exactOptional(),
});
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
  // Releases of before there were any.
  flags: z.string().nullable().default(null),
}) satisfies z.ZodType<Release>;

export const revisionDocument = z.object({
  id: z.string(),
  app: z.string(),
  environment: z.string(),
  number: z.number(),
  release: z.string(),
  artifact: z.string(),
  // Revisions of before there was another one.
  target: z.enum(['process', 'docker']).default('process'),
  servers: z.array(z.string()).default([]),
  plannedAt: z.number(),
  services: z.array(service),
  jobs: z.array(job),
  verification: job.nullable(),
  stores: z.array(store),
  secretNames: z.array(z.string()).default([]),
  configVersion: z.string(),
}) satisfies z.ZodType<Revision>;
