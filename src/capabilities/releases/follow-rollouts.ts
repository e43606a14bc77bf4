import { createHash } from 'node:crypto';
import { systemActor, type EventDraft, type JournalEvent } from '../../core/events.ts';
import { chainOf, scopeOf, type Scope } from '../../core/ids.ts';
import type { Evidence } from '../../rollout/gate.ts';
import type { Plan } from '../../rollout/plan.ts';
import type { RolloutState } from '../../rollout/rollout-state.ts';
import { isRolloutEvent, type WrittenEvent } from '../../rollout/rollout-events.ts';
import { collectArtifacts } from './collect-artifacts.ts';
import { definitionAfterReturn, definitionAfterSettling } from './definition-after.ts';
import { hasEvidence, insertEvidence, insertQuarantine, verifiedId } from './evidence-rows.ts';
import { findRevision } from './release-rows.ts';
import type { ReleasesContext } from './releases-context.ts';
import { readRollout } from './rollout-history.ts';

/**
 * What follows from a rollout's events: evidence, quarantine, accepted definitions, retention. Subscribed durably, so
 * every handler may see an event again.
 */
export async function followRollout(context: ReleasesContext, event: JournalEvent): Promise<void> {
  const scope = scopeOf(event.chain);
  if (scope === null || event.correlationId === null || !isRolloutEvent(event) || !hasConsequences(event)) return;
  const story = await readRollout(context, scope, event.correlationId);
  if (story === null) return;
  const { plan } = story.state;
  if (provesRelease(event, plan)) await recordVerified(context, scope, plan, event);
  if (event.type === 'rollout-ended') await afterEnd(context, scope, story.state, event);
}

/** Most events have none: for them the rollout need not be read. */
function hasConsequences(event: WrittenEvent): boolean {
  return event.type === 'rollout-live' || event.type === 'rollout-ended' || isVerifiedInPublic(event);
}

/** Verified: the app's own story passed through the public route; without one, the route's own answers are the proof. */
function provesRelease(event: WrittenEvent, plan: Plan): boolean {
  if (plan.kind === 'rollback') return false;
  const isTold = plan.steps.some((step) => step.id === 'verify-after');
  return isTold ? isVerifiedInPublic(event) : event.type === 'rollout-live';
}

function isVerifiedInPublic(event: WrittenEvent): boolean {
  return event.type === 'step-done' && event.payload.step === 'verify-after' && event.payload.direction === 'forward';
}

/** While some users are held back, the public route may lead to the old release. */
function routeOfProof({ steps }: Plan): string {
  const story = steps.find((step) => step.id === 'verify-after')?.effects.find((effect) => effect.kind === 'job');
  return story?.baseUrl === 'pinned' ? 'while it has users in' : 'through the public route of';
}

async function recordVerified(context: ReleasesContext, scope: Scope, plan: Plan, event: JournalEvent): Promise<void> {
  const evidence: Evidence = {
    id: verifiedId(plan),
    gate: `verified:${scope.environment}`,
    environment: scope.environment,
    subject: { kind: 'release', release: plan.to.release },
    by: systemActor,
    at: event.at,
    until: null,
    hash: createHash('sha256').update(event.hash).digest('hex'),
    summary: `verified ${routeOfProof(plan)} ${scope.environment} as ${plan.to.revision}`,
  };
  const payload = { evidence: evidence.id, gate: evidence.gate, release: plan.to.release };
  if (await hasEvidence(context.database.db, evidence.id)) return;
  await context.journal.appendWith(
    chainOf(scope),
    context.lock.fence,
    [draft('evidence-recorded', plan.rollout, payload)],
    (trx) => insertEvidence(trx, scope.app, evidence),
  );
}

function draft(type: string, correlationId: string, payload: unknown): EventDraft {
  return { type, version: 1, actor: systemActor, reason: null, correlationId, payload };
}

type Ended = Extract<WrittenEvent, { type: 'rollout-ended' }>;

async function afterEnd(context: ReleasesContext, scope: Scope, rollout: RolloutState, event: JournalEvent & Ended) {
  const { plan } = rollout;
  if (event.payload.end === 'settled') {
    if (plan.kind === 'rollback' && changesRelease(plan)) await quarantineReplaced(context, scope, rollout, event);
    await definitionAfterSettling(context, scope, plan, event.at);
    await collectArtifacts(context, scope.app);
    return;
  }
  await definitionAfterReturn(context, scope, plan, event.at);
  if (rollout.cause?.inRelease === true && plan.kind === 'deploy' && changesRelease(plan)) {
    await quarantine(context, scope, rollout, plan.to.release, rollout.cause.message, event.at);
  }
}

/** Otherwise only its config has changed, and the release serves as it did before: it is not to blame. */
function changesRelease({ before, to }: Plan): boolean {
  return before.kind !== 'revision' || before.release !== to.release;
}

/** A person went back from a settled release: its own word is the cause. */
async function quarantineReplaced(context: ReleasesContext, scope: Scope, rollout: RolloutState, event: JournalEvent) {
  const { before, startedBy } = rollout.plan;
  if (before.kind !== 'revision') return;
  const reason = `rolled back by ${startedBy.kind === 'person' ? 'a person' : 'a system'}`;
  await quarantine(context, scope, rollout, before.release, reason, event.at);
}

async function quarantine(
  context: ReleasesContext,
  scope: Scope,
  { plan }: RolloutState,
  release: string,
  reason: string,
  at: number,
): Promise<void> {
  const { db } = context.database;
  const known = await db
    .selectFrom('quarantine')
    .select('id')
    .where('rollout', '=', plan.rollout)
    .where('app', '=', scope.app)
    .execute();
  if (known.length > 0) return;
  const from = plan.before.kind === 'revision' ? await findRevision(db, scope.app, plan.before.revision) : null;
  const to = await findRevision(db, scope.app, plan.to.revision);
  const diff = to === null ? [] : (await Promise.all(context.parts.map((part) => part.diff(from, to)))).flat();
  const changes = diff.map((line) => `${line.part} ${line.what}: ${line.from ?? 'nothing'} → ${line.to ?? 'nothing'}`);
  const row = { release, environment: scope.environment, reason, changes, at };
  await context.journal.appendWith(
    chainOf(scope),
    context.lock.fence,
    [draft('release-quarantined', plan.rollout, { release, rollout: plan.rollout, changes })],
    (trx) => insertQuarantine(trx, scope.app, plan.rollout, row),
  );
}
