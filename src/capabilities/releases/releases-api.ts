import { z } from 'zod';
import { judged, plannedCanary } from './judgement-api.ts';

/** Shapes of the routes about releases, environments and rollouts: shared by server, CLI and web page. Times are unix milliseconds. */

const nullableText = z.string().nullable();

export const gateResult = z
  .object({
    gate: z.string(),
    title: z.string(),
    state: z.enum(['open', 'overridden', 'waiting', 'closed', 'not-proven']),
    message: z.string(),
    opensAt: z.number().nullable(),
  })
  .meta({ id: 'GateResult', description: 'A condition of a rollout, and whether it holds' });

export const release = z
  .object({
    id: z.string().meta({ description: 'One lower-case DNS label, e.g. r7-a1b2c3d' }),
    app: z.string(),
    number: z.number().int(),
    createdAt: z.number(),
    commit: z.string(),
    dirty: z.boolean(),
    branch: nullableText,
    subject: nullableText,
    artifact: z.string().meta({ description: 'sha256:…' }),
    services: z.array(z.object({ service: z.string(), kind: z.enum(['web', 'worker']), instances: z.number().int() })),
    /** Environments in which it serves now, was verified, or is in quarantine. */
    serving: z.array(z.string()),
    verifiedIn: z.array(z.string()),
    quarantine: z.array(z.object({ environment: z.string(), reason: z.string(), at: z.number() })),
  })
  .meta({ id: 'Release', description: 'What is promoted, the same everywhere' });

export const slot = z
  .object({
    revision: z.string(),
    service: z.string(),
    slot: z.number().int(),
    attempt: z.number().int(),
    state: z.enum(['starting', 'ready', 'unready', 'restarting', 'gave-up', 'stopping']),
    unexpectedExits: z.number().int(),
    address: nullableText,
    server: nullableText.meta({
      description: 'The machine that it is on, as in `servers`; null: the one that Lotse runs on',
    }),
    pid: z.number().int().nullable(),
    startedAt: z.number().nullable(),
    memoryBytes: z.number().nullable(),
    note: nullableText,
  })
  .meta({ id: 'Slot', description: 'A place for one copy of a service revision, and what runs in it' });

export const serversRequest = z.object({
  servers: z.array(z.string().max(300)).max(50).meta({ description: 'As in `servers`' }),
});

export const serverLook = z
  .object({
    server: z.string(),
    engine: nullableText.meta({ description: 'Its Docker engine; null: it could not be asked' }),
    problem: nullableText,
    hint: nullableText,
    findings: z.array(z.object({ found: z.string(), advice: z.string() })),
  })
  .meta({ id: 'ServerLook', description: 'What is to be said of a machine that environments run on' });

export const step = z
  .object({
    id: z.string(),
    phase: z.enum(['before', 'expand', 'start', 'shift', 'watch', 'settled']),
    title: z.string(),
    compensation: nullableText.meta({
      description: 'What takes the step back; null where there is nothing to take back',
    }),
    deadlineMs: z.number(),
    expectedMs: z.number(),
    gates: z.array(z.string()),
    permille: z
      .number()
      .int()
      .nullable()
      .meta({ description: 'Share of the users that the step gives to the release; null: it leaves it as it is' }),
    judged: z.boolean().meta({ description: 'While it is under way, harm that the judge finds turns the rollout' }),
    state: z.enum(['next', 'running', 'done', 'failed', 'undoing', 'undone', 'skipped']),
    startedAt: z.number().nullable(),
    endedAt: z.number().nullable(),
  })
  .meta({ id: 'Step' });

export const cause = z
  .object({
    kind: z.string(),
    step: z.string(),
    message: z.string(),
    logTail: z.array(z.string()),
    inRelease: z.boolean(),
  })
  .meta({ id: 'Cause', description: 'Why a rollout turned back' });

export const rollout = z
  .object({
    id: z.string(),
    app: z.string(),
    environment: z.string(),
    kind: z.enum(['deploy', 'rollback']),
    strategy: z.enum(['blue-green', 'rolling', 'recreate', 'canary']),
    release: z.string(),
    revision: z.string(),
    before: nullableText.meta({
      description: 'The release that it returns to, r0 for what was adopted; null: the maintenance page',
    }),
    status: z.enum([
      'waiting',
      'moving',
      'paused',
      'watching',
      'settling',
      'returning',
      'settled',
      'returned',
      'stranded',
    ]),
    startedBy: z.string(),
    startedAt: z.number(),
    liveAt: z.number().nullable(),
    endedAt: z.number().nullable(),
    /** Live: the public route answers with it. */
    live: z.boolean(),
    steps: z.array(step),
    waitingFor: z.array(gateResult),
    pause: z
      .object({ by: z.string(), reason: nullableText, until: z.number() })
      .nullable()
      .meta({ description: 'Who holds it, and until when: after that it goes back by itself' }),
    cause: cause.nullable(),
    judged: judged.nullable().meta({
      description:
        'What the judge thinks, or thought in the end. Null: nobody judges it; in lists also of all but the latest',
    }),
    notes: z.array(z.string()),
  })
  .meta({ id: 'Rollout', description: 'Moving an environment from one revision to another' });

export const environment = z
  .object({
    app: z.string(),
    environment: z.string(),
    after: nullableText,
    domains: z.array(z.string()),
    addresses: z.array(z.string()).meta({ description: 'Where people and tools reach it, names first' }),
    release: nullableText.meta({
      description: 'What users get now, r0 for what was adopted; null: the maintenance page',
    }),
    revision: nullableText,
    since: z.number().nullable(),
    previousRelease: nullableText.meta({ description: 'Where a rollback goes' }),
    verified: z.boolean().meta({ description: 'The release that serves was verified here through the public route' }),
    mode: z.enum(['serving', 'paused', 'maintenance', 'adopted']),
    upstream: nullableText.meta({
      description:
        'Where release 0 answers, which was adopted and which Lotse never starts or stops; null: there is none',
    }),
    shares: z.array(z.object({ release: z.string(), revision: z.string(), permille: z.number().int() })),
    services: z.array(z.object({ service: z.string(), kind: z.enum(['web', 'worker']), slots: z.array(slot) })),
    rollout: rollout.nullable().meta({ description: 'The one under way, else the latest' }),
    overrides: z.array(z.object({ gate: z.string(), by: z.string(), reason: z.string(), at: z.number() })),
    proxyOrders: z
      .array(
        z.object({
          kind: z.enum(['maintenance', 'switch']),
          revision: nullableText.meta({ description: 'Where all users go; null: to the maintenance page' }),
          by: z.string(),
          reason: nullableText,
          at: z.number(),
        }),
      )
      .meta({ description: 'What people have ordered at the proxy itself, and is in force instead of the above' }),
  })
  .meta({ id: 'Environment' });

export const plan = z
  .object({
    app: z.string(),
    environment: z.string(),
    kind: z.enum(['deploy', 'rollback']),
    strategy: z.enum(['blue-green', 'rolling', 'recreate', 'canary']),
    release: z.string(),
    before: nullableText,
    steps: z.array(step),
    gates: z.array(gateResult),
    diff: z.array(
      z.object({
        part: z.string(),
        what: z.string(),
        from: nullableText,
        to: nullableText,
        source: z.string().optional().meta({ description: 'Where a config value comes from' }),
      }),
    ),
    weakens: z.array(z.object({ gate: z.string(), from: z.string(), to: z.string() })),
    notes: z.array(z.string()),
    canary: plannedCanary.nullable().meta({ description: 'Null for every other strategy' }),
    expectedMs: z.number(),
  })
  .meta({ id: 'Plan', description: 'A compiled rollout; nothing was touched' });

/** Query of `POST /apps/{app}/releases`; its body is a tar (application/x-tar) of the app folder with lotse.yaml at its root. */
export const releaseQuery = z.object({
  commit: z
    .string()
    .regex(/^[0-9a-f]{7,64}$/)
    .meta({ description: 'Full commit id; forty zeros outside git' }),
  dirty: z.enum(['true', 'false']).default('false'),
  branch: z.string().optional(),
  subject: z.string().max(500).optional(),
});

export const build = z
  .object({
    id: z.string(),
    app: z.string(),
    state: z.enum(['building', 'done', 'failed']),
    startedAt: z.number(),
    release: release.nullable(),
    error: z
      .object({
        code: z.string(),
        message: z.string(),
        hint: z.string().nullable().meta({ description: 'What to do; null: the details are all that is known' }),
        details: z.array(z.string()),
      })
      .nullable(),
  })
  .meta({ id: 'Build' });

/** Server-sent events of `GET /apps/{app}/builds/{build}/progress`: `line` {text} while it builds, then `end` {build}. */
export const buildLine = z.object({ text: z.string() });

export const rolloutRequest = z.object({
  /** Left out: what was verified last in the environment before (`promote`). */
  release: z.string().optional(),
  /** Go back: to `release`, or to the one before when it is left out. */
  rollback: z.boolean().default(false),
  reason: z.string().max(2000).optional(),
});

export const adoptRequest = z.object({
  url: z.string().max(300).meta({ description: 'Where it answers the machine of Lotse: http://127.0.0.1:3000' }),
  reason: z.string().max(2000).optional(),
  /** Left out: the definition of the environment that is in force. */
  definition: z
    .object({
      manifest: z.string().max(1_000_000).meta({ description: 'Text of lotse.yaml' }),
      hasDockerfile: z.boolean(),
      checklists: z.record(z.string(), z.string()).meta({ description: 'Text of the checklists that it names' }),
    })
    .optional(),
});

export const rolloutCommand = z.object({ reason: z.string().max(2000).optional() });

export const approvalRequest = z.object({
  release: z.string().optional(),
  /** A checklist line's id or its beginning; left out: an approval of the release. `all` signs every open line. */
  line: z.string().optional(),
  note: z.string().max(2000).optional(),
});

export const overrideRequest = z.object({
  release: z.string().optional(),
  gate: z.string(),
  reason: z.string().min(3).max(2000),
});

export const previewRequest = z.object({
  /** Left out: the newest that runs here. */
  release: z.string().optional(),
  /** How long the signed header holds, in milliseconds; at most seven days. */
  forMs: z.number().int().min(1_000).max(604_800_000).default(3_600_000),
});

export const preview = z
  .object({
    release: z.string(),
    runs: z.boolean().meta({ description: 'Instances of it take requests here; until then a preview answers 404' }),
    until: z.number().meta({ description: 'When the header stops to hold' }),
    named: nullableText.meta({ description: 'Address by name; null where the domain has no wildcard certificate' }),
    url: z.string().meta({ description: 'The environment’s address, for the header' }),
    header: z.string(),
    value: z.string(),
  })
  .meta({ id: 'Preview', description: 'Where a release can be seen before users see it' });

export const evidence = z
  .object({
    id: z.string(),
    gate: z.string(),
    subject: z.string(),
    by: z.string(),
    at: z.number(),
    until: z.number().nullable(),
    hash: z.string(),
    summary: z.string(),
  })
  .meta({ id: 'Evidence' });

export const jobRequest = z
  .object({
    job: z.string().optional(),
    argv: z.array(z.string()).min(1).optional(),
    /** Of a command: whose config and folder it has. */
    service: z.string().optional(),
    withinMs: z.number().int().positive().optional(),
    reason: z.string().trim().min(3).max(2000).optional(),
  })
  .meta({ description: 'A job by name, or a command, in the surroundings of what serves now' });

export const jobView = z
  .object({
    key: z.string(),
    state: z.enum(['running', 'succeeded', 'failed', 'lost']),
    exitCode: z.number().int().nullable(),
    signal: nullableText,
    logTail: z.array(z.string()),
  })
  .meta({ id: 'Job' });

export const jobByHand = z
  .object({
    key: z.string().meta({ description: 'By it its logs are asked for' }),
    job: z.string().meta({ description: 'Its name; `command` and `verify` for what has none' }),
    startedBy: z.string(),
    startedAt: z.number(),
    reason: nullableText,
    state: z
      .enum(['running', 'succeeded', 'failed', 'lost', 'unknown'])
      .meta({ description: 'lost: nobody knows how it ended; unknown: the target does not know it, or not now' }),
    exitCode: z.number().int().nullable(),
    note: nullableText.meta({ description: 'What Lotse says about its end, or why it cannot be asked about' }),
  })
  .meta({ id: 'JobByHand', description: 'A job, a command or a verification that somebody has started' });

export const logQuery = z.object({
  service: z.string().optional(),
  revision: z.string().optional(),
  job: z.string().optional(),
  last: z.coerce.number().int().min(0).max(10_000).default(100),
  follow: z.enum(['true', 'false']).default('false'),
});

/** One line of `application/x-ndjson` from `GET …/logs`. */
export const logLine = z
  .object({
    at: z.number(),
    service: z.string(),
    revision: z.string(),
    slot: z.number().int(),
    attempt: z.number().int(),
    stream: z.enum(['out', 'err']),
    text: z.string(),
  })
  .meta({ id: 'LogLine' });

export const journalQuery = z.object({
  environment: z.string().optional(),
  after: z.coerce.number().int().min(0).default(0).meta({ description: 'Position over all chains' }),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  /** `true`: the latest `limit` events instead of the first ones after `after`. */
  latest: z.enum(['true', 'false']).default('false'),
});

export const journalEvent = z
  .object({
    position: z.number().int(),
    chain: z.string(),
    sequence: z.number().int(),
    id: z.string(),
    type: z.string(),
    at: z.number(),
    actor: z.string(),
    reason: nullableText,
    correlationId: nullableText,
    payload: z.unknown(),
  })
  .meta({ id: 'JournalEvent' });

export const journalCheck = z
  .object({
    ok: z.boolean(),
    chains: z.array(z.object({ chain: z.string(), events: z.number().int(), problem: nullableText })),
    advice: nullableText,
  })
  .meta({ id: 'JournalCheck' });

export const app = z
  .object({ app: z.string(), environments: z.array(z.string()), createdAt: z.number() })
  .meta({ id: 'App' });

export type GateResultView = z.infer<typeof gateResult>;
export type ReleaseView = z.infer<typeof release>;
export type SlotView = z.infer<typeof slot>;
export type ServerLookView = z.infer<typeof serverLook>;
export type StepView = z.infer<typeof step>;
export type RolloutView = z.infer<typeof rollout>;
export type EnvironmentViewModel = z.infer<typeof environment>;
export type PlanView = z.infer<typeof plan>;
export type BuildView = z.infer<typeof build>;
export type PreviewView = z.infer<typeof preview>;
export type EvidenceView = z.infer<typeof evidence>;
export type JobByHandView = z.infer<typeof jobByHand>;
export type JobView = z.infer<typeof jobView>;
export type LogLineView = z.infer<typeof logLine>;
export type JournalEventView = z.infer<typeof journalEvent>;
export type JournalCheckView = z.infer<typeof journalCheck>;
export type AppView = z.infer<typeof app>;

/** All routes of this capability, as the client and the reference see them. `:x` marks a path parameter. */
export const releaseRoutes = {
  listApps: 'GET /apps',
  createRelease: 'POST /apps/:app/releases',
  listReleases: 'GET /apps/:app/releases',
  getRelease: 'GET /apps/:app/releases/:release',
  getBuild: 'GET /apps/:app/builds/:build',
  buildProgress: 'GET /apps/:app/builds/:build/progress',
  cancelBuild: 'POST /apps/:app/builds/:build/cancel',
  listEnvironments: 'GET /apps/:app/environments',
  getEnvironment: 'GET /apps/:app/environments/:environment',
  plan: 'POST /apps/:app/environments/:environment/plan',
  startRollout: 'POST /apps/:app/environments/:environment/rollouts',
  listRollouts: 'GET /apps/:app/rollouts',
  getRollout: 'GET /apps/:app/rollouts/:rollout',
  commandRollout: 'POST /apps/:app/rollouts/:rollout/:command',
  approve: 'POST /apps/:app/environments/:environment/approvals',
  override: 'POST /apps/:app/environments/:environment/overrides',
  preview: 'POST /apps/:app/environments/:environment/preview',
  listEvidence: 'GET /apps/:app/environments/:environment/evidence',
  series: 'GET /apps/:app/environments/:environment/series',
  adopt: 'POST /apps/:app/environments/:environment/adopt',
  down: 'POST /apps/:app/environments/:environment/down',
  startJob: 'POST /apps/:app/environments/:environment/jobs',
  verify: 'POST /apps/:app/environments/:environment/verify',
  /** Those by schedule are in `GET …/jobs`. */
  listJobsByHand: 'GET /apps/:app/environments/:environment/jobs-by-hand',
  getJob: 'GET /apps/:app/environments/:environment/jobs/:job',
  cancelJob: 'POST /apps/:app/environments/:environment/jobs/:job/cancel',
  logs: 'GET /apps/:app/environments/:environment/logs',
  journal: 'GET /apps/:app/journal',
  checkJournal: 'GET /journal/check',
  lookAtServers: 'POST /servers/look',
  /** Server-sent events `change` {position, app, environment, type}: whoever sees one asks again for what it shows. */
  events: 'GET /events',
} as const;
