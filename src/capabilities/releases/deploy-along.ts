import { createReadStream } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { isErrorCode, LotseError } from '../../core/errors.ts';
import type { Actor } from '../../core/events.ts';
import type { Scope } from '../../core/ids.ts';
import { routeTo } from '../../manifest/promotion-route.ts';
import type { Plan } from '../../rollout/plan.ts';
import type { Release } from '../../rollout/release.ts';
import type { RolloutState } from '../../rollout/rollout-state.ts';
import type { Builds } from './builds.ts';
import { hasEvidence, verifiedId } from './evidence-rows.ts';
import { manifestOf } from './release-manifest.ts';
import { acceptSource } from './release-operations.ts';
import type { ReleasesContext } from './releases-context.ts';
import { readRollout } from './rollout-history.ts';
import { hasSameConfig, startDeploy } from './start-rollout.ts';

/** A commit that shall get to an environment. */
export interface Journey extends Scope {
  /** On this machine. */
  readonly tar: string;
  readonly commit: string;
  readonly branch: string;
  readonly subject: string;
  readonly by: Actor;
  readonly reason: string;
}

export interface JourneyParts {
  readonly context: ReleasesContext;
  readonly builds: Builds;
}

type Tell = (progress: {
  readonly note: string;
  readonly release?: string;
  readonly rollout?: string;
}) => Promise<void>;

const pollMs = 250;
/** How long it waits for rollouts of others to end, and for evidence that is written a moment after the event, in milliseconds. */
const patienceMs = 6 * 3_600_000;
const evidenceMs = 10_000;

/**
 * Builds a commit and brings it to an environment, through those before it: what `lotse deploy` does, without anybody at a
 * terminal. Resolves when it is live and verified. Called again for the same commit it joins what is under way. Errors:
 * those of builds and gates; `returned`, `stranded`. Rejects soon after the signal aborts; what is under way goes on.
 */
export async function deployAlong(
  parts: JourneyParts,
  journey: Journey,
  tell: Tell,
  signal: AbortSignal,
): Promise<void> {
  const { context } = parts;
  const release = await build(parts, journey, signal);
  await tell({ note: 'built', release: release.id });
  await untilPipelineEnded(context, release, tell, signal);
  for (const environment of routeTo(journey.environment, manifestOf(release).environments)) {
    const scope = { app: journey.app, environment };
    if (await servesAlready(context, scope, release)) continue;
    const plan = await start(context, scope, release, journey, tell, signal);
    await arrive(context, scope, plan, tell, signal);
  }
}

async function build({ context, builds }: JourneyParts, journey: Journey, signal: AbortSignal): Promise<Release> {
  const { app, commit, branch, by } = journey;
  const about = { app, commit, dirty: false, branch, subject: journey.subject.slice(0, 500) };
  const { id } = await acceptSource(context, builds, about, createReadStream(journey.tar), by);
  let last = '';
  for await (const line of builds.follow(id, signal)) last = line;
  signal.throwIfAborted();
  const outcome = builds.find(id)?.outcome;
  if (outcome?.kind === 'done') return outcome.release;
  if (outcome?.kind !== 'failed') throw new LotseError('internal', `${id} has no end; its last line is ${last}`);
  const { code, message, hint, details } = outcome;
  const more = hint === null ? { details } : { details, hint };
  throw new LotseError(isErrorCode(code) ? code : 'build-failed', message, more);
}

/** How it has ended is for the gate to say. */
async function untilPipelineEnded(
  context: ReleasesContext,
  { app, id }: Release,
  tell: Tell,
  signal: AbortSignal,
): Promise<void> {
  let said = '';
  for (;;) {
    signal.throwIfAborted();
    const pipeline = await context.pipelineOf(app, id);
    if (pipeline === null || (pipeline.state !== 'queued' && pipeline.state !== 'running')) return;
    const note = `${pipeline.run} is ${pipeline.state === 'queued' ? 'waiting for others' : 'under way'}`;
    if (note !== said) await tell({ note, release: id });
    said = note;
    await wait(pollMs, undefined, { signal });
  }
}

async function servesAlready(context: ReleasesContext, scope: Scope, release: Release): Promise<boolean> {
  const { rollout, environment } = context.engine.view(scope);
  const { serving } = environment;
  if (serving?.release !== release.id || (rollout !== null && rollout.end === null)) return false;
  return await hasSameConfig(context, scope, release, serving.revision);
}

/** Waits for what is under way there, if it can neither be joined nor superseded. */
async function start(
  context: ReleasesContext,
  scope: Scope,
  release: Release,
  { by, reason }: Journey,
  tell: Tell,
  signal: AbortSignal,
): Promise<Plan> {
  const deadline = context.now() + patienceMs;
  for (;;) {
    signal.throwIfAborted();
    try {
      return await startDeploy(context, scope, release, by, reason);
    } catch (error) {
      const isBusy = error instanceof LotseError && error.code === 'conflict';
      if (!isBusy || context.now() > deadline) throw error;
    }
    await tell({ note: `waits for the rollout before it in ${scope.environment}` });
    await wait(pollMs * 4, undefined, { signal });
  }
}

async function arrive(
  context: ReleasesContext,
  scope: Scope,
  plan: Plan,
  tell: Tell,
  signal: AbortSignal,
): Promise<void> {
  let said = '';
  let settledAt: number | null = null;
  while (!(await hasEvidence(context.database.db, verifiedId(plan)))) {
    const state = await stateOf(context, scope, plan);
    if (state?.end?.kind === 'settled') {
      settledAt ??= context.now();
      if (context.now() - settledAt > evidenceMs) return;
    } else if (state?.end != null) throw endedBadly(state, scope);
    const note = noteOf(state, scope);
    if (note !== said) await tell({ note, rollout: plan.rollout });
    said = note;
    await wait(pollMs, undefined, { signal });
  }
  await tell({ note: `live in ${scope.environment}`, rollout: plan.rollout });
}

/** From memory while it is the latest one there. */
async function stateOf(context: ReleasesContext, scope: Scope, { rollout }: Plan): Promise<RolloutState | null> {
  const view = context.engine.view(scope).rollout;
  return view?.plan.rollout === rollout ? view : ((await readRollout(context, scope, rollout))?.state ?? null);
}

function noteOf(state: RolloutState | null, { environment }: Scope): string {
  if (state?.pause != null) return `paused in ${environment}`;
  if (state?.waiting == null) return `on its way to ${environment}`;
  const shut = state.waiting.results.filter(({ state: { kind } }) => kind !== 'open' && kind !== 'overridden');
  return `waits before ${environment}: ${shut.map(({ title }) => title).join(', ')}`;
}

function endedBadly({ end, cause, plan }: RolloutState, { environment }: Scope): LotseError {
  const why = cause === null ? '' : `: ${cause.message}`;
  return end?.kind === 'stranded'
    ? new LotseError('stranded', `${plan.to.release} is stranded in ${environment}${why}`)
    : new LotseError('returned', `${plan.to.release} was taken back in ${environment}${why}`);
}
