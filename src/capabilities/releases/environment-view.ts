import type { Scope } from '../../core/ids.ts';
import type { RoutedEnvironment } from '../../core/routing-document.ts';
import type { EnvironmentView } from '../../engine/engine.ts';
import type { TargetSlot } from '../../ports/targets/targets.ts';
import type { TrafficLevel } from '../../rollout/plan.ts';
import type { Revision } from '../../rollout/release.ts';
import { frontDoor } from './engine-bindings.ts';
import { overridesFor, releasesWithEvidence } from './evidence-rows.ts';
import { definitionInForce } from './plan-rollout.ts';
import { findRevision } from './release-rows.ts';
import type { EnvironmentViewModel, SlotView } from './releases-api.ts';
import type { ReleasesContext } from './releases-context.ts';
import { rolloutEvents } from './rollout-history.ts';
import { rolloutView } from './rollout-view.ts';

/** An environment as people see it: what users get, what runs, what moves. */
export async function environmentView(context: ReleasesContext, scope: Scope): Promise<EnvironmentViewModel> {
  const view = context.engine.view(scope);
  const { rollout, environment } = view;
  const accepted = await definitionInForce(context, scope);
  const serving = await revisionsOf(context, scope, view);
  const answering = servingRevision(view);
  const answer = serving.find((revision) => revision.id === answering);
  const verified = await releasesWithEvidence(context.database.db, scope.app, `verified:${scope.environment}`);
  const overrides = rollout === null ? [] : await overridesFor(context.database.db, scope, [rollout.plan.rollout]);
  return {
    ...scope,
    after: accepted?.definition.after ?? null,
    domains: [...(accepted?.definition.domains ?? [])],
    addresses: rollout === null ? [] : await addressesOf(context, scope),
    release: answer?.release ?? null,
    revision: answering,
    since:
      environment.serving?.revision === answering ? (environment.serving?.since ?? null) : (rollout?.liveAt ?? null),
    previousRelease: previousOf(view),
    verified: answer !== undefined && verified.includes(answer.release),
    mode: modeOf(environment.level),
    shares: sharesOf(environment.level).map((share) => ({
      ...share,
      release: serving.find((revision) => revision.id === share.revision)?.release ?? share.revision,
    })),
    services: servicesOf(serving, context.engine.slots(scope)),
    rollout: rollout === null ? null : rolloutView(rollout, await rolloutEvents(context, scope, rollout.plan.rollout)),
    overrides: overrides.map(({ gate, by, reason, at }) => ({ gate, by: by.id, reason, at })),
  };
}

/** Names first, then the port of its own. */
export async function addressesOf(context: ReleasesContext, scope: Scope): Promise<string[]> {
  const door = await frontDoor(context, scope);
  const names = door.domains.map((domain) => `http://${domain}:${context.frontPort}`);
  return door.url === null ? names : [...names, door.url];
}

function modeOf(level: TrafficLevel): RoutedEnvironmentMode {
  return level.kind === 'shares' ? 'serving' : level.kind;
}

type RoutedEnvironmentMode = RoutedEnvironment['mode']['kind'];

function sharesOf(level: TrafficLevel) {
  return level.kind === 'shares' || level.kind === 'paused' ? level.shares : [];
}

/** The revision with the largest share. */
function servingRevision({ environment }: EnvironmentView): string | null {
  const shares = sharesOf(environment.level).toSorted((a, b) => b.permille - a.permille);
  return shares[0]?.revision ?? null;
}

/** Where a rollback goes: what the rollout under way would return to, else what served before. */
function previousOf({ environment, rollout }: EnvironmentView): string | null {
  if (rollout !== null && rollout.end === null) {
    return rollout.plan.before.kind === 'revision' ? rollout.plan.before.release : null;
  }
  return environment.previous?.release ?? null;
}

async function revisionsOf(
  context: ReleasesContext,
  scope: Scope,
  view: EnvironmentView,
): Promise<readonly Revision[]> {
  const { orders, level } = view.environment;
  const ids = new Set([...sharesOf(level).map((share) => share.revision), ...orders.map((order) => order.revision)]);
  const found = await Promise.all([...ids].map((id) => findRevision(context.database.db, scope.app, id)));
  return found.filter((revision) => revision !== null);
}

function servicesOf(revisions: readonly Revision[], slots: readonly TargetSlot[]): EnvironmentViewModel['services'] {
  const kinds = new Map(revisions.flatMap((revision) => revision.services.map((each) => [each.service, each.kind])));
  return [...kinds].map(([service, kind]) => ({
    service,
    kind,
    slots: slots.filter((slot) => slot.service === service).map(slotView),
  }));
}

function slotView(slot: TargetSlot): SlotView {
  const { address } = slot;
  return {
    revision: slot.revision,
    service: slot.service,
    slot: slot.slot,
    attempt: slot.attempt,
    state: slot.state,
    unexpectedExits: slot.unexpectedExits,
    address: address === null ? null : `${address.host}:${address.port}`,
    pid: slot.pid,
    startedAt: slot.startedAt,
    memoryBytes: slot.memoryBytes,
    note: noteOf(slot),
  };
}

function noteOf({ note, writesBesideCode }: TargetSlot): string | null {
  const [first] = writesBesideCode;
  if (first === undefined) return note;
  const others = writesBesideCode.length === 1 ? '' : ` and ${writesBesideCode.length - 1} more`;
  const refused = `It tried to write ${first}${others} beside its code, and a release is read-only: a store is the place for that.`;
  return note === null ? refused : `${note} ${refused}`;
}
