import { z } from 'zod';
import { namePattern, variablePattern } from '../../manifest/names.ts';

/** Shapes of the routes about repositories whose pushes are deployed. Times are Unix milliseconds. */

export const sourceKinds = ['github', 'gitlab', 'gitea'] as const;

const secretName = z.string().regex(variablePattern).nullable();

export const sourceRequest = z.object({
  kind: z
    .enum(sourceKinds)
    .optional()
    .meta({ description: 'Left out: known by the address, where that is one of the public ones' }),
  address: z
    .string()
    .max(500)
    .meta({ description: '`https://github.com/acme/shop.git` or `git@github.com:acme/shop.git`' }),
  branch: z.string().min(1).max(200),
  environment: z.string().regex(namePattern).meta({ description: 'Where a push goes, through those before it' }),
  folder: z.string().max(300).default('').meta({ description: 'Of the app inside the repository' }),
  token: secretName
    .default(null)
    .meta({ description: 'Name of a secret of builds: reads the repository, and reports' }),
  key: secretName
    .default(null)
    .meta({ description: 'Name of a secret of builds: a private key that reads the repository' }),
  tells: z
    .boolean()
    .default(true)
    .meta({ description: 'Commit and deployment status are reported, where there is a token' }),
  newSecret: z.boolean().default(false).meta({ description: 'What signs the webhooks from now on is another one' }),
});

export const delivery = z
  .object({
    id: z.string(),
    delivery: z.string().meta({ description: 'As the sender names it' }),
    event: z.string(),
    commit: z.string().nullable(),
    state: z.enum(['ignored', 'waiting', 'working', 'deployed', 'failed', 'superseded']),
    note: z.string().nullable().meta({ description: 'What it does just now, or why it ended so' }),
    release: z.string().nullable(),
    rollout: z.string().nullable(),
    receivedAt: z.number(),
    endedAt: z.number().nullable(),
  })
  .meta({ id: 'Delivery', description: 'What a webhook brought, and what became of it' });

export const commitReport = z
  .object({
    commit: z.string(),
    environment: z.string(),
    standing: z.enum(['waiting', 'running', 'live', 'failed', 'returned', 'stranded', 'superseded']),
    state: z
      .enum(['waiting', 'delivered', 'failed'])
      .meta({ description: 'Does the repository know it? failed: it was given up' }),
    problem: z.string().nullable(),
  })
  .meta({ id: 'CommitReport', description: 'What a repository is told about a commit' });

export const source = z
  .object({
    app: z.string(),
    name: z.string(),
    kind: z.enum(sourceKinds),
    address: z.string(),
    branch: z.string(),
    environment: z.string(),
    folder: z.string(),
    token: z.string().nullable(),
    key: z.string().nullable(),
    tells: z.boolean(),
    path: z.string().meta({ description: 'Where webhooks go, below the address of the control plane' }),
    connectedAt: z.number(),
    deliveries: z.array(delivery).meta({ description: 'The latest ones, newest first' }),
    reports: z.array(commitReport).meta({ description: 'The latest ones, newest first' }),
  })
  .meta({ id: 'Source', description: 'A repository whose pushes to one branch are deployed' });

export const connectedSource = z
  .object({
    source,
    secret: z
      .string()
      .nullable()
      .meta({ description: 'What signs its webhooks; told when it is made, and never again' }),
  })
  .meta({ id: 'ConnectedSource' });

export type SourceRequest = z.output<typeof sourceRequest>;
export type SourceView = z.infer<typeof source>;
export type DeliveryView = z.infer<typeof delivery>;

export const sourceRoutes = {
  listSources: 'GET /apps/:app/sources',
  connectSource: 'PUT /apps/:app/sources/:source',
  disconnectSource: 'DELETE /apps/:app/sources/:source',
} as const;
