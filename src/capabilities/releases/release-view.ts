import type { AppName } from '../../core/ids.ts';
import type { Evidence } from '../../rollout/gate.ts';
import { releaseBefore } from '../../rollout/release-zero.ts';
import type { Release } from '../../rollout/release.ts';
import { listScopes } from './environment-rows.ts';
import { evidenceFor, quarantinesOf } from './evidence-rows.ts';
import type { BuildProgress } from './builds.ts';
import { plannedCanary } from './judged-view.ts';
import type { BuildView, EvidenceView, PlanView, ReleaseView } from './releases-api.ts';
import type { Planned } from './plan-rollout.ts';
import type { ReleasesContext } from './releases-context.ts';
import { gateView, notStarted, stepView } from './rollout-view.ts';

/** A release as people see it: what it is, where it serves, what speaks for and against it. */
export async function releaseView(context: ReleasesContext, release: Release): Promise<ReleaseView> {
  const { db } = context.database;
  const evidence = await evidenceFor(db, release.app, release.id, null);
  const quarantine = (await quarantinesOf(db, release.app)).filter((each) => each.release === release.id);
  return {
    id: release.id,
    app: release.app,
    number: release.number,
    createdAt: release.createdAt,
    commit: release.source.commit,
    dirty: release.source.dirty,
    branch: release.source.branch,
    subject: release.source.subject,
    artifact: release.artifact,
    services: release.services.map(({ service, kind, instances }) => ({ service, kind, instances })),
    serving: await servingIn(context, release.app, release.id),
    verifiedIn: [...new Set(evidence.flatMap((each) => (each.gate.startsWith('verified:') ? [each.environment] : [])))],
    quarantine: quarantine.map(({ environment, reason, at }) => ({ environment, reason, at })),
  };
}

async function servingIn(context: ReleasesContext, app: AppName, release: string): Promise<string[]> {
  const scopes = await listScopes(context.database.db, app);
  const known = scopes.filter((scope) => {
    const { environment, rollout } = context.engine.view(scope);
    const isLive = rollout?.end === null && rollout.liveAt !== null && rollout.direction === 'forward';
    return isLive ? rollout.plan.to.release === release : environment.serving?.release === release;
  });
  return known.map((scope) => scope.environment);
}

export async function buildView(context: ReleasesContext, progress: BuildProgress): Promise<BuildView> {
  const { outcome } = progress;
  return {
    id: progress.id,
    app: progress.app,
    startedAt: progress.startedAt,
    state: outcome.kind,
    release: outcome.kind === 'done' ? await releaseView(context, outcome.release) : null,
    error:
      outcome.kind === 'failed'
        ? { code: outcome.code, message: outcome.message, hint: outcome.hint, details: [...outcome.details] }
        : null,
  };
}

export function planView({ plan, gates, diff, weakens, load }: Planned): PlanView {
  return {
    app: plan.app,
    environment: plan.environment,
    kind: plan.kind,
    strategy: plan.strategy,
    release: plan.to.release,
    before: releaseBefore(plan.before),
    steps: plan.steps.map((step) => stepView(step, plan, notStarted)),
    gates: gates.map(gateView),
    diff: [...diff],
    weakens: [...weakens],
    notes: [...plan.notes],
    canary: plannedCanary(plan, load),
    expectedMs: plan.steps.reduce((sum, step) => sum + step.expectedMs, 0),
  };
}

export function evidenceView(evidence: Evidence): EvidenceView {
  const { id, gate, subject, by, at, until, hash, summary } = evidence;
  const about = subject.kind === 'release' ? subject.release : subject.revision;
  return { id, gate, subject: about, by: by.id, at, until, hash, summary };
}
