import type { Actor } from '../../core/events.ts';
import { LotseError } from '../../core/errors.ts';
import { chainOf, type Scope } from '../../core/ids.ts';
import type { JobDefinition, Revision } from '../../rollout/release.ts';
import { publicUrl } from './engine-bindings.ts';
import { requireReason, serviceOf } from './one-off-rules.ts';
import { requireEnvironment } from './release-operations.ts';
import { findRevision } from './release-rows.ts';
import type { JobView } from './releases-api.ts';
import type { ReleasesContext } from './releases-context.ts';

/** How long a one-off may take when nobody says, in milliseconds. */
const oneOffMs = 3_600_000;

export interface OneOff {
  readonly job?: string | undefined;
  readonly argv?: readonly string[] | undefined;
  /** Of a command: whose config and folder it has. */
  readonly service?: string | undefined;
  readonly reason?: string | undefined;
  readonly withinMs?: number | undefined;
}

/** Runs a job by name, or a command, with the artifact, config and stores of what serves now. */
export async function startJob(context: ReleasesContext, scope: Scope, wanted: OneOff, by: Actor): Promise<JobView> {
  const { service, argv, reason = null } = wanted;
  if (service !== undefined && argv === undefined) {
    throw new LotseError(
      'bad-input',
      'A job by name has the surroundings that lotse.yaml gives it, not those of a service',
    );
  }
  if (service !== undefined) requireReason(scope, reason);
  const revision = await servingRevision(context, scope);
  const definition = definitionOf(revision, wanted);
  return await start(context, scope, { revision, definition, service, reason }, by);
}

/** The app's own story against the public address. */
export async function startVerification(context: ReleasesContext, scope: Scope, by: Actor): Promise<JobView> {
  const revision = await servingRevision(context, scope);
  if (revision.verification === null) {
    throw new LotseError('bad-input', `${scope.app} declares no verification`, {
      hint: 'Add `verify:` to lotse.yaml.',
    });
  }
  const url = await publicUrl(context, scope, revision);
  const variables = url === null ? {} : { BASE_URL: url };
  return await start(context, scope, { revision, definition: revision.verification, variables, reason: null }, by);
}

/** Errors: `not-found`. */
export async function observeJob(context: ReleasesContext, scope: Scope, key: string): Promise<JobView> {
  const found = key.startsWith(`${chainOf(scope)}/`) ? await context.target.observeJob(key) : null;
  if (found === null) throw new LotseError('not-found', `${scope.environment} has no job ${JSON.stringify(key)}`);
  context.jobLooks.follow(scope, key, found);
  return { ...found, logTail: [...found.logTail] };
}

export async function cancelJob(context: ReleasesContext, scope: Scope, key: string, by: Actor): Promise<void> {
  await observeJob(context, scope, key);
  await write(context, scope, { type: 'job-cancelled', reason: null, payload: { key } }, by);
  await context.target.cancelJob(key);
}

/** Of several the one that most users get. Errors: `not-found`, `conflict` when nothing serves. */
export async function servingRevision(context: ReleasesContext, scope: Scope): Promise<Revision> {
  await requireEnvironment(context, scope);
  const { level } = context.engine.view(scope).environment;
  const share = level.kind === 'shares' ? level.shares.toSorted((a, b) => b.permille - a.permille)[0] : undefined;
  const revision = share === undefined ? null : await findRevision(context.database.db, scope.app, share.revision);
  if (revision === null) {
    throw new LotseError('conflict', `nothing serves in ${scope.environment}`, { hint: 'Deploy a release first.' });
  }
  return revision;
}

function definitionOf(revision: Revision, wanted: OneOff): JobDefinition {
  if (wanted.argv !== undefined) {
    const root = wanted.service === undefined ? '.' : serviceOf(revision, wanted.service).root;
    return { job: 'command', argv: wanted.argv, root, withinMs: wanted.withinMs ?? oneOffMs };
  }
  const known = revision.jobs.find((job) => job.job === wanted.job);
  if (known?.rotates !== undefined) {
    throw new LotseError('bad-input', `${known.job} rotates ${known.rotates}, and runs by its schedule alone`, {
      hint: `\`lotse secret rotate ${known.rotates} ${revision.environment}\` gives it a new value by hand.`,
    });
  }
  if (known !== undefined) return { ...known, withinMs: wanted.withinMs ?? known.withinMs };
  const names = revision.jobs.map((job) => job.job);
  throw new LotseError('not-found', `${revision.release} has no job ${JSON.stringify(wanted.job ?? '')}`, {
    hint: names.length === 0 ? 'It declares none; give a command after `--`.' : `It has ${names.join(', ')}.`,
  });
}

interface Start {
  readonly revision: Revision;
  readonly definition: JobDefinition;
  readonly variables?: Readonly<Record<string, string>>;
  readonly service?: string | undefined;
  readonly reason: string | null;
}

async function start(context: ReleasesContext, scope: Scope, wanted: Start, by: Actor): Promise<JobView> {
  const { revision, definition, variables = {}, service, reason } = wanted;
  const key = `${chainOf(scope)}/${definition.job}/${context.newId()}`;
  const command = service === undefined ? {} : { service, argv: definition.argv };
  await write(context, scope, { type: 'job-started', reason, payload: { key, ...command } }, by);
  const inService = service === undefined ? {} : { service };
  await context.engine.startJob(scope, { key, revision, definition, variables, ...inService });
  return await observeJob(context, scope, key);
}

interface News {
  readonly type: string;
  readonly reason: string | null;
  readonly payload: { readonly key: string };
}

async function write(context: ReleasesContext, scope: Scope, news: News, by: Actor): Promise<void> {
  const draft = { ...news, version: 1, actor: by, correlationId: news.payload.key };
  await context.journal.append(chainOf(scope), context.lock.fence, [draft]);
}
