import { randomBytes } from 'node:crypto';
import type { Actor } from '../../core/events.ts';
import { revisionId, rolloutId, type Scope } from '../../core/ids.ts';
import type { EpochCounters } from '../../core/routing-document.ts';
import type { EnvironmentDefinition, StrategyDefinition } from '../../manifest/app-manifest.ts';
import type { GateWeakening } from '../../manifest/gate-weakenings.ts';
import type { DiffLine } from '../../ports/release-part/release-part.ts';
import { compilePlan } from '../../rollout/compile-plan.ts';
import type { EnvironmentView } from '../../engine/engine.ts';
import type { GateResult } from '../../rollout/gate.ts';
import type { PlanInput } from '../../rollout/plan-input.ts';
import type { Before, Plan } from '../../rollout/plan.ts';
import { releaseZero } from '../../rollout/release-zero.ts';
import type { WrittenEvent } from '../../rollout/rollout-events.ts';
import type { Release, Revision } from '../../rollout/release.ts';
import { acceptedText } from './accepted-text.ts';
import { findEnvironmentRow, fixedPorts } from './environment-rows.ts';
import { askGates } from './ask-gates.ts';
import { isJudged, planJudging, unjudged } from './judging.ts';
import { limitSteps } from './limit-steps.ts';
import { declaredEnvironments, jobsOf, manifestOf, servicesIn, storesOf } from './release-manifest.ts';
import { refuseMove } from './refuse-moves.ts';
import { findRevision, highestRevisionNumber, listReleases } from './release-rows.ts';
import { numberFloor } from '../../database/restores.ts';
import { gatesOfDeploy, sourced, strategyOfDeploy, type SourcedDefinition } from './release-gates.ts';
import type { ReleasesContext } from './releases-context.ts';
import { countRollouts, rolloutEvents } from './rollout-history.ts';
import type { Load } from './todays-traffic.ts';

/** A boot that nobody has measured yet is taken to last this long, in milliseconds. */
const unmeasuredBootMs = 5_000;

/** A compiled rollout with everything that people want to see of it. Nothing has been written. */
export interface Planned {
  readonly plan: Plan;
  readonly revision: Revision;
  /** False when the revision was planned before and is gone back to. */
  readonly isNew: boolean;
  readonly gates: readonly GateResult[];
  readonly weakens: readonly GateWeakening[];
  readonly diff: readonly DiffLine[];
  /** By what users do now; null when nothing is known of it, or nothing is judged. */
  readonly load: Load | null;
}

/** Plans a deploy of a release to an environment. */
export async function planDeploy(
  context: ReleasesContext,
  scope: Scope,
  release: Release,
  by: Actor,
): Promise<Planned> {
  const coming = sourced(release, scope.environment);
  const accepted = await acceptedDefinition(context, scope);
  const { gates, weakens } = gatesOfDeploy(accepted, coming, context.parts);
  const revision = await freeze(context, scope, release, coming.definition);
  const { strategy } = strategyOfDeploy(accepted, coming);
  const { name, watchMs, withinMs } = strategy;
  const wanted = { kind: 'deploy', by, revision, strategy: name, watchMs, gates } as const;
  const { input, load } = await planInput(context, scope, wanted, strategy);
  return { ...(await finish(context, input, withinMs)), revision, isNew: true, weakens, load };
}

/** Plans the way back to a revision that has served before. No gate is asked. */
export async function planRollback(
  context: ReleasesContext,
  scope: Scope,
  revision: Revision,
  by: Actor,
): Promise<Planned> {
  const more = { kind: 'rollback', by, revision, strategy: 'blue-green', watchMs: 0, gates: [] } as const;
  const { input, load } = await planInput(context, scope, more, null);
  return { ...(await finish(context, input, Infinity)), revision, isNew: false, weakens: [], load };
}

/** The definition last accepted for the environment; null before the first deploy. */
export async function acceptedDefinition(context: ReleasesContext, scope: Scope): Promise<SourcedDefinition | null> {
  const row = await findEnvironmentRow(context.database.db, scope);
  if (row === null) return null;
  return sourced(await acceptedText(context.database.db, row), scope.environment);
}

/** The accepted definition; before the first deploy, the one that the latest release brings. Null: none declares it. */
export async function definitionInForce(context: ReleasesContext, scope: Scope): Promise<SourcedDefinition | null> {
  const accepted = await acceptedDefinition(context, scope);
  const [latest] = accepted === null ? await listReleases(context.database.db, scope.app, 1) : [];
  const isDeclared = latest !== undefined && declaredEnvironments(latest).includes(scope.environment);
  return isDeclared ? sourced(latest, scope.environment) : accepted;
}

async function finish(context: ReleasesContext, input: PlanInput, withinMs: number) {
  const whole = compilePlan(input);
  const compiled = { ...whole, steps: limitSteps(whole, withinMs) };
  const gates = await askGates(
    context,
    compiled,
    input.to,
    compiled.gates.map((gate) => gate.id),
  );
  const diff = (await Promise.all(context.parts.map((part) => part.diff(input.from, input.to)))).flat();
  return { plan: compiled, gates, diff };
}

/**
 * Binds the release to the environment: services with overrides, config and stores as they are now. Errors: `bad-input`
 * for config that misses or mistypes a value.
 */
async function freeze(
  context: ReleasesContext,
  scope: Scope,
  release: Release,
  definition: EnvironmentDefinition,
): Promise<Revision> {
  const manifest = manifestOf(release);
  const config = context.parts.find((part) => part.name === 'config');
  const frozen = await config?.resolve(scope, release);
  const number = (await highestRevisionNumber(context.database.db, scope)) + 1;
  return {
    id: revisionId(scope.environment, number),
    ...scope,
    number,
    release: release.id,
    artifact: release.artifact,
    target: manifest.target,
    servers: definition.servers,
    plannedAt: context.now(),
    services: servicesIn(manifest, definition),
    jobs: jobsOf(manifest),
    verification: definition.gates.verification ? release.verification : null,
    stores: storesOf(manifest),
    secretNames: manifest.secrets,
    configVersion: frozen?.version ?? '',
  };
}

interface Wanted extends Pick<PlanInput, 'kind' | 'strategy' | 'watchMs' | 'gates'> {
  readonly by: Actor;
  readonly revision: Revision;
}

async function planInput(
  context: ReleasesContext,
  scope: Scope,
  { kind, by, revision, strategy, watchMs, gates }: Wanted,
  judged: StrategyDefinition | null,
): Promise<{ readonly input: PlanInput; readonly load: Load | null }> {
  const view = context.engine.view(scope);
  const before = beforeOf(view);
  const { upstream } = view.environment;
  const from = before.kind === 'revision' ? await findRevision(context.database.db, scope.app, before.revision) : null;
  refuseMove(scope, before, from, revision);
  const orders = view.environment.orders.filter((order) => order.revision === from?.id);
  const partSteps = (await Promise.all(context.parts.map((part) => part.steps(before, revision)))).flat();
  const counters = judged !== null && isJudged(judged) ? await countersOf(context) : [];
  const situation = { scope, from, to: revision, counters, now: context.now() };
  const { load, ...judging } = judged === null ? unjudged : planJudging(judged, situation);
  const input: PlanInput = {
    ...scope,
    rollout: rolloutId(
      scope.environment,
      (await numberFloor(context.database.db)) + (await countRollouts(context, scope)) + 1,
    ),
    kind,
    startedBy: by,
    salt: randomBytes(8).toString('hex'),
    strategy,
    before,
    from,
    running: Object.fromEntries(orders.map((order) => [order.service, order.slots])),
    to: revision,
    ...(revision.id === releaseZero.revision && upstream !== null ? { upstream } : {}),
    gates,
    partSteps,
    watchMs,
    ...judging,
    cannotRunTwice: from === null ? [] : await reasonsAgainstTwo(context, scope, revision),
    bootMs: (await measuredBootMs(context, scope, view)) ?? unmeasuredBootMs,
  };
  return { input, load };
}

/** A proxy that is away knows no load: a plan can be made without it. */
async function countersOf(context: ReleasesContext): Promise<readonly EpochCounters[]> {
  return await context.traffic.counters().catch(() => []);
}

/** What a rollout that starts now returns to. One that is live and only watched is settled first, so it is what serves. */
function beforeOf({ environment, rollout }: EnvironmentView): Before {
  const isWatched =
    rollout !== null && rollout.end === null && rollout.direction === 'forward' && rollout.liveAt !== null;
  const serving = isWatched ? rollout.plan.to : environment.serving;
  if (serving !== null) return { kind: 'revision', revision: serving.revision, release: serving.release };
  const { level } = environment;
  return level.kind === 'adopted' ? { kind: 'adopted', host: level.host, port: level.port } : { kind: 'maintenance' };
}

/** How long the latest start here took; null when none has been seen. */
async function measuredBootMs(context: ReleasesContext, scope: Scope, view: EnvironmentView): Promise<number | null> {
  if (view.rollout === null) return null;
  const events = await rolloutEvents(context, scope, view.rollout.plan.rollout);
  const isStart = (event: WrittenEvent, type: 'step-intended' | 'step-done') =>
    event.type === type && event.payload.direction === 'forward' && event.payload.step.startsWith('start');
  const from = events.find((event) => isStart(event, 'step-intended'));
  const to = events.find((event) => isStart(event, 'step-done'));
  return from === undefined || to === undefined ? null : to.at - from.at;
}

/** Why old and new cannot run side by side, a sentence each. */
async function reasonsAgainstTwo(
  context: ReleasesContext,
  scope: Scope,
  revision: Revision,
): Promise<readonly string[]> {
  const fixed = await fixedPorts(context.database.db, scope.app);
  const ports = revision.services.flatMap(({ service }) => {
    const port = fixed.get(service);
    return port === undefined ? [] : [`${service} ignores PORT and always listens on ${port}`];
  });
  const stores = revision.stores.filter((store) => !store.shared);
  return [...ports, ...stores.map((store) => `two releases may not share the store ${store.store}`)];
}
