import type { Actor } from '../../core/events.ts';
import { LotseError, type ErrorCode } from '../../core/errors.ts';
import { chainOf, type ReleaseId, type RevisionId, type Scope } from '../../core/ids.ts';
import type { GateResult } from '../../rollout/gate.ts';
import type { Plan } from '../../rollout/plan.ts';
import { releaseBefore, releaseZero } from '../../rollout/release-zero.ts';
import type { Release, Revision } from '../../rollout/release.ts';
import { findLack } from './artifact-part.ts';
import { acceptDefinition, findEnvironmentRow } from './environment-rows.ts';
import { releasesWithEvidence, takeOverrides } from './evidence-rows.ts';
import { definitionInForce, planDeploy, planRollback, type Planned } from './plan-rollout.ts';
import { refuseUnprepared } from './prepare-servers.ts';
import { environmentOf } from './release-manifest.ts';
import { findRelease, findRevision, insertRevision, latestRevision } from './release-rows.ts';
import type { ReleasesContext } from './releases-context.ts';
import { supersedeWaiting } from './supersede.ts';
import { refuseSilentUpstream, zeroRevision } from './zero-revision.ts';

/**
 * Starts a deploy. One of the same release that is under way is joined, another one that still waits is superseded.
 * Errors: `gate-closed`, `not-proven`, `quarantined` (nothing was touched), `conflict`.
 */
export async function startDeploy(
  context: ReleasesContext,
  scope: Scope,
  release: Release,
  by: Actor,
  reason: string | null,
): Promise<Plan> {
  const coming = environmentOf(release, scope.environment);
  if ((await findEnvironmentRow(context.database.db, scope)) === null) await accept(context, scope, release, by);
  await context.engine.add(scope);
  const running = await runningDeploy(context, scope, release);
  if (running !== null) return running;
  await refuseUnprepared(context, coming, release.artifact);
  await supersedeWaiting(context, scope, { release: release.id, by, reason });
  await endTheOneBefore(context, scope, by);
  const planned = await planDeploy(context, scope, release, by);
  refuseShut(planned.gates, scope, release.id);
  await record(context, scope, planned, by, reason);
  await context.engine.begin(planned.plan);
  // Definitions that weaken nothing hold from now on; weaker ones when the rollout has settled.
  if (planned.weakens.length === 0) await accept(context, scope, release, by);
  return planned.plan;
}

/** A rollout of the same release with the same config that has not ended: a repeated deploy joins it. */
async function runningDeploy(context: ReleasesContext, scope: Scope, release: Release): Promise<Plan | null> {
  const { rollout } = context.engine.view(scope);
  if (rollout === null || rollout.end !== null || rollout.direction === 'back') return null;
  if (rollout.plan.to.release !== release.id || rollout.plan.kind !== 'deploy') return null;
  const { revision } = rollout.plan.to;
  return (await hasSameConfig(context, scope, release, revision)) ? rollout.plan : null;
}

/** Would the release get the config today that the revision has? */
export async function hasSameConfig(context: ReleasesContext, scope: Scope, release: Release, of: RevisionId) {
  const revision = await findRevision(context.database.db, scope.app, of);
  const frozen = await context.parts.find((part) => part.name === 'config')?.resolve(scope, release);
  return frozen === undefined || frozen.version === revision?.configVersion;
}

/**
 * Goes back: while a rollout has not settled, by turning it around; else by a rollout to the revision before, or to the
 * latest one of the release that is named. Answers the plan whose end is the way back.
 */
export async function startRollback(
  context: ReleasesContext,
  scope: Scope,
  to: ReleaseId | RevisionId | null,
  by: Actor,
  reason: string | null,
): Promise<Plan> {
  const { rollout } = context.engine.view(scope);
  const before = rollout?.plan.before;
  const revisionBefore = before?.kind === 'revision' ? before.revision : null;
  const isBack = to === null || (before !== undefined && [releaseBefore(before), revisionBefore].includes(to));
  if (rollout !== null && rollout.end === null && isBack) {
    const step = rollout.plan.steps[rollout.index];
    if (rollout.direction === 'back') return rollout.plan;
    if (step !== undefined && step.phase !== 'settled') {
      await context.engine.command(scope, { kind: 'abort', actor: by, reason, blame: true });
      return rollout.plan;
    }
  }
  await endTheOneBefore(context, scope, by);
  const revision = await revisionToReturnTo(context, scope, to);
  await refuseWhatIsGone(context, scope, revision);
  const planned = await planRollback(context, scope, revision, by);
  await record(context, scope, planned, by, reason);
  await context.engine.begin(planned.plan);
  return planned.plan;
}

/** No gate stands before a rollback, but what is not there cannot serve. Errors: `not-proven`. */
async function refuseWhatIsGone(context: ReleasesContext, scope: Scope, revision: Revision): Promise<void> {
  const { upstream } = context.engine.view(scope).environment;
  if (upstream !== null && revision.id === releaseZero.revision) return await refuseSilentUpstream(scope, upstream);
  const lack = await findLack(context.builders, revision);
  if (lack === null) return;
  const message = `${scope.environment} cannot go back to ${revision.release}: its artifact ${lack.why}`;
  throw new LotseError('not-proven', message, { hint: lack.advice });
}

/**
 * The revision before, the one that is named, or the latest one of a named release that has served here. Errors:
 * `conflict`, `not-found`.
 */
export async function revisionToReturnTo(
  context: ReleasesContext,
  scope: Scope,
  named: ReleaseId | RevisionId | null,
): Promise<Revision> {
  const { environment } = context.engine.view(scope);
  const exact = named === null ? null : await findRevision(context.database.db, scope.app, named);
  if (exact !== null && exact.environment === scope.environment) {
    if (exact.id !== environment.serving?.revision) return exact;
    throw new LotseError('conflict', `${exact.id} is what serves now`);
  }
  const release = named ?? environment.previous?.release ?? null;
  if (release === null) {
    throw new LotseError('conflict', `${scope.environment} has nothing to go back to`, {
      hint: 'Name a release that has served here: `lotse rollback ENVIRONMENT --to RELEASE`.',
    });
  }
  if (release === releaseZero.release && environment.upstream !== null) {
    if (environment.serving !== null) return zeroRevision(scope);
    throw new LotseError('conflict', `${release} is what serves now`);
  }
  const known = environment.previous?.release === release ? environment.previous.revision : null;
  const revision =
    known === null
      ? await latestRevision(context.database.db, scope, release)
      : await findRevision(context.database.db, scope.app, known);
  if (revision === null) throw new LotseError('not-found', `${release} has never served in ${scope.environment}`);
  if (revision.id === environment.serving?.revision) throw new LotseError('conflict', `${release} is what serves now`);
  return revision;
}

/** A new rollout settles the one before it, or is refused. */
async function endTheOneBefore(context: ReleasesContext, scope: Scope, by: Actor): Promise<void> {
  if (await context.engine.settle(scope, by)) return;
  const { rollout } = context.engine.view(scope);
  throw new LotseError('conflict', `${rollout?.plan.rollout ?? 'a rollout'} has not ended`, {
    hint: `Follow it with \`lotse status ${scope.environment}\`, or end it with \`lotse cancel ${scope.environment}\`.`,
  });
}

/** Only gates that a person or time opens may be waited for; the others refuse before anything is touched. */
function refuseShut(gates: readonly GateResult[], scope: Scope, release: ReleaseId): void {
  const shut = gates.filter((gate) => gate.state.kind === 'closed' || gate.state.kind === 'not-proven');
  const [first] = shut;
  if (first === undefined) return;
  throw new LotseError(codeOf(first), `${release} does not go to ${scope.environment}: ${first.message}`, {
    hint: `A named person may pass it: \`lotse override ${scope.environment} ${first.gate} --release ${release} --reason "…"\`.`,
    details: shut.map((gate) => `${gate.gate}: ${gate.message}`),
  });
}

function codeOf(gate: GateResult): ErrorCode {
  if (gate.gate === 'not-quarantined') return 'quarantined';
  return gate.state.kind === 'not-proven' ? 'not-proven' : 'gate-closed';
}

async function record(context: ReleasesContext, scope: Scope, planned: Planned, by: Actor, reason: string | null) {
  const { plan, revision } = planned;
  const payload = { revision: revision.id, release: revision.release, rollout: plan.rollout };
  const draft = { type: 'revision-planned', version: 1, actor: by, reason, correlationId: plan.rollout, payload };
  await context.journal.appendWith(chainOf(scope), context.lock.fence, [draft], async (trx) => {
    if (planned.isNew) await insertRevision(trx, revision);
    await takeOverrides(trx, scope, revision.release, plan.rollout);
  });
}

async function accept(context: ReleasesContext, scope: Scope, release: Release, by: Actor): Promise<void> {
  const payload = { environment: scope.environment, release: release.id };
  const draft = {
    type: 'definition-accepted',
    version: 1,
    actor: by,
    reason: null,
    correlationId: release.id,
    payload,
  };
  await context.journal.appendWith(chainOf(scope), context.lock.fence, [draft], (trx) =>
    acceptDefinition(trx, scope, release.id, by, context.now()),
  );
}

/** What `promote` takes: the latest release that the environment before has verified. Errors: `gate-closed`. */
export async function releaseToPromote(context: ReleasesContext, scope: Scope): Promise<Release> {
  const { db } = context.database;
  const after = (await definitionInForce(context, scope))?.definition.after ?? null;
  if (after === null) {
    throw new LotseError('bad-input', `name the release that shall go to ${scope.environment}`, {
      hint: '`lotse releases` lists them.',
    });
  }
  const [release] = await releasesWithEvidence(db, scope.app, `verified:${after}`);
  if (release === undefined) {
    throw new LotseError('gate-closed', `${after} has not verified any release yet`, {
      hint: `\`lotse deploy ${after}\` first.`,
    });
  }
  return await findRelease(db, scope.app, release);
}
