import type { Scope } from '../../core/ids.ts';
import type { ProxyOverride, RoutedEnvironment } from '../../core/routing-document.ts';
import { parseServerAddress } from '../../core/server-address.ts';
import type { EnvironmentView } from '../../engine/engine.ts';
import type { TargetSlot } from '../../ports/targets/targets.ts';
import type { TrafficLevel } from '../../rollout/plan.ts';
import { releaseBefore, releaseZero, upstreamUrl } from '../../rollout/release-zero.ts';
import type { Revision } from '../../rollout/release.ts';
import type { RolloutState } from '../../rollout/rollout-state.ts';
import { frontDoor } from './engine-bindings.ts';
import { overridesFor, releasesWithEvidence } from './evidence-rows.ts';
import { definitionInForce } from './plan-rollout.ts';
import { findRevision } from './release-rows.ts';
import type { EnvironmentViewModel, RolloutView, SlotView } from './releases-api.ts';
import type { ReleasesContext } from './releases-context.ts';
import { rolloutEvents } from './rollout-history.ts';
import { rolloutView } from './rollout-view.ts';
import { serversOf } from './servers-of.ts';

/** An environment as people see it: what users get, what runs, what moves. `orders`: of people, at the proxy. */
export async function environmentView(
  context: ReleasesContext,
  scope: Scope,
  orders: readonly ProxyOverride[],
): Promise<EnvironmentViewModel> {
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
    addresses: environment.epoch === 0 && rollout === null ? [] : await addressesOf(context, scope),
    release: answering === releaseZero.revision ? releaseZero.release : (answer?.release ?? null),
    revision: answering,
    since: sinceOf(view, answering),
    previousRelease: previousOf(view),
    verified: answer !== undefined && verified.includes(answer.release),
    mode: modeOf(environment.level),
    upstream: environment.upstream === null ? null : upstreamUrl(environment.upstream),
    shares: sharesOf(environment.level).map((share) => ({
      ...share,
      release: serving.find((revision) => revision.id === share.revision)?.release ?? share.revision,
    })),
    services: servicesOf(serving, context.engine.slots(scope)),
    rollout: rollout === null ? null : await latestRollout(context, scope, rollout),
    overrides: overrides.map(({ gate, by, reason, at }) => ({ gate, by: by.id, reason, at })),
    proxyOrders: proxyOrders(scope, orders),
  };
}

async function latestRollout(context: ReleasesContext, scope: Scope, rollout: RolloutState): Promise<RolloutView> {
  const { rollout: id } = rollout.plan;
  const events = await rolloutEvents(context, scope, id);
  return rolloutView(rollout, events, await context.engine.judgedOf(scope, id));
}

/** What people have ordered at the proxy itself. One that does not answer has nothing to say about it. */
export async function ordersAtProxy(context: ReleasesContext): Promise<readonly ProxyOverride[]> {
  const status = await context.traffic.status().catch(() => null);
  return status?.overrides ?? [];
}

function proxyOrders(scope: Scope, orders: readonly ProxyOverride[]): EnvironmentViewModel['proxyOrders'] {
  const own = orders.filter(
    (order) => order.app === scope.app && order.environment === scope.environment && order.isInForce,
  );
  return own.map(({ order, by, reason, atMs }) => {
    return { kind: order.kind, revision: order.kind === 'switch' ? order.revision : null, by, reason, at: atMs };
  });
}

/** Names first, then the port of its own, on each of its machines. */
export async function addressesOf(context: ReleasesContext, scope: Scope): Promise<string[]> {
  const door = await frontDoor(context, scope);
  const { tlsPort } = context.secured(await context.names.of(scope));
  const names = door.domains.map((domain) =>
    tlsPort === null ? address('http', domain, context.frontPort) : address('https', domain, tlsPort),
  );
  const { port, url } = door;
  if (url === null || port === null) return names;
  const shares = sharesOf(context.engine.view(scope).environment.level);
  const servers = await serversOf(context.database.db)(
    scope,
    shares.map(({ revision }) => revision),
  );
  return [...names, ...(servers.length === 0 ? [url] : servers.map((server) => addressOn(server, port)))];
}

function addressOn(server: string, port: number): string {
  const { host } = parseServerAddress(server);
  return address('http', host.includes(':') ? `[${host}]` : host, port);
}

/** As people write it: without the port that everybody expects. */
export function address(scheme: 'http' | 'https', domain: string, port: number): string {
  return new URL(`${scheme}://${domain}:${port}`).origin;
}

function modeOf(level: TrafficLevel): RoutedEnvironmentMode {
  return level.kind === 'shares' ? 'serving' : level.kind;
}

type RoutedEnvironmentMode = RoutedEnvironment['mode']['kind'];

function sharesOf(level: TrafficLevel) {
  return level.kind === 'shares' || level.kind === 'paused' ? level.shares : [];
}

function sinceOf({ environment, rollout }: EnvironmentView, answering: string | null): number | null {
  const { serving, upstream } = environment;
  if (answering === releaseZero.revision) return upstream?.since ?? null;
  return serving?.revision === answering ? (serving?.since ?? null) : (rollout?.liveAt ?? null);
}

/** The revision with the largest share. */
export function servingRevision({ environment }: EnvironmentView): string | null {
  if (environment.level.kind === 'adopted') return releaseZero.revision;
  const shares = sharesOf(environment.level).toSorted((a, b) => b.permille - a.permille);
  return shares[0]?.revision ?? null;
}

/** Where a rollback goes: what the rollout under way would return to, else what served before. */
function previousOf({ environment, rollout }: EnvironmentView): string | null {
  if (rollout !== null && rollout.end === null) {
    return releaseBefore(rollout.plan.before);
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
    server: slot.server ?? null,
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
