import type { ReleaseId, RevisionId, RolloutId, ServiceName, UnixMs } from '../core/ids.ts';
import type { Address } from '../core/routing-document.ts';
import type { Before, Claim, Effect, Plan, TrafficLevel } from './plan.ts';
import { isReleaseZero, releaseZero } from './release-zero.ts';
import type { WrittenEvent } from './rollout-events.ts';

/** What an environment is ordered to be: levels only, a fold over its journal. The engine makes it so, again and again. */
export interface EnvironmentState {
  readonly orders: readonly SlotOrder[];
  readonly level: TrafficLevel;
  readonly draining: Extract<Effect, { kind: 'route' }>['draining'];
  /** Grows by `epochStep` with every change of shares or salt. */
  readonly epoch: number;
  readonly salt: string;
  /** From when on a request counts as late, by service, in milliseconds: for the judge of the latest plan that routed. */
  readonly lateAfterMs: Readonly<Record<ServiceName, readonly number[]>>;
  /** The revision that the last finished rollout left serving; null before the first, and for an adopted upstream. */
  readonly serving: { readonly revision: RevisionId; readonly release: ReleaseId; readonly since: UnixMs } | null;
  /** The one before it, to which `rollback` goes without being told; of a first release it may be release 0. */
  readonly previous: { readonly revision: RevisionId; readonly release: ReleaseId } | null;
  /** Of a stranded rollout the side that did not get the users: it serves where the other one cannot, while it runs. */
  readonly standby: RevisionId | null;
  /** What was adopted as release 0, and since when users get it; null: nothing, or it was taken down since. */
  readonly upstream: (Address & { readonly since: UnixMs }) | null;
  /** The rollout that has not ended. */
  readonly rollout: RolloutId | null;
  readonly updatedAt: UnixMs;
}

export interface SlotOrder {
  readonly revision: RevisionId;
  readonly service: ServiceName;
  readonly slots: number;
  readonly claim: Claim | null;
}

/** Between two ordered changes there is room for epochs in which shares are other than ordered: a side is down for a while. */
export const epochStep = 1_000;

export const emptyEnvironment: EnvironmentState = {
  orders: [],
  level: { kind: 'maintenance', message: 'Nothing has been released here yet.' },
  draining: [],
  epoch: 0,
  salt: '',
  lateAfterMs: {},
  serving: null,
  previous: null,
  standby: null,
  upstream: null,
  rollout: null,
  updatedAt: 0,
};

/** Pure: is it still so, as a plan says, that this serves and is returned to? */
export function isBefore(before: Before, { serving, level }: EnvironmentState): boolean {
  if (serving !== null) return before.kind === 'revision' && before.revision === serving.revision;
  if (level.kind !== 'adopted') return before.kind === 'maintenance';
  return before.kind === 'adopted' && before.host === level.host && before.port === level.port;
}

/** Pure: applies one written event. `plan` is that of the event's rollout; null before the first. */
export function evolveEnvironment(state: EnvironmentState, event: WrittenEvent, plan: Plan | null): EnvironmentState {
  const now = { ...state, updatedAt: event.at };
  switch (event.type) {
    case 'rollout-planned':
      return { ...now, orders: now.orders.filter(isWanted), standby: null, rollout: event.payload.plan.rollout };
    case 'step-intended':
      return plan === null
        ? now
        : event.payload.effects.reduce((after, effect) => applyEffect(after, effect, plan), now);
    case 'environment-downed':
      return downed(now);
    case 'upstream-adopted':
      return adopted(now, event.payload, event.at);
    case 'rollout-ended':
      return plan === null ? now : ended(now, event, plan);
    default:
      return now;
  }
}

/** Pure: the level that an effect orders. Jobs order nothing that lasts. */
export function applyEffect(state: EnvironmentState, effect: Effect, plan: Plan): EnvironmentState {
  switch (effect.kind) {
    case 'ensure':
      return { ...state, orders: withOrder(state.orders, effect) };
    case 'claim':
      return { ...state, orders: withClaim(state.orders, effect) };
    case 'route': {
      const changed = JSON.stringify(effect.level) !== JSON.stringify(state.level) || plan.salt !== state.salt;
      const epoch = changed ? state.epoch + epochStep : state.epoch;
      const { level, draining } = effect;
      // They change with the salt, so always with the epoch.
      return { ...state, level, draining, epoch, salt: plan.salt, lateAfterMs: thresholds(plan) };
    }
    case 'job':
      return state;
  }
}

function thresholds({ judge }: Plan): EnvironmentState['lateAfterMs'] {
  return Object.fromEntries((judge?.services ?? []).map(({ service, lateAfterMs }) => [service, lateAfterMs]));
}

function withOrder(orders: readonly SlotOrder[], effect: Extract<Effect, { kind: 'ensure' }>): readonly SlotOrder[] {
  const { revision, service, slots } = effect;
  const known = orders.find((order) => order.revision === revision && order.service === service);
  const others = orders.filter((order) => order !== known);
  return [...others, { revision, service, slots, claim: known?.claim ?? null }];
}

function withClaim(orders: readonly SlotOrder[], effect: Extract<Effect, { kind: 'claim' }>): readonly SlotOrder[] {
  const { revision, service, claim } = effect;
  const known = orders.find((order) => order.revision === revision && order.service === service);
  const others = orders.filter((order) => order !== known);
  return [...others, { revision, service, slots: known?.slots ?? 0, claim }];
}

type Ended = Extract<WrittenEvent, { type: 'rollout-ended' }>;

/**
 * What the rollout leaves behind is ordered to stop, also where a step that should have stopped it has failed. Such
 * orders stay until the next rollout, so that they are kept to.
 */
function ended(state: EnvironmentState, event: Ended, plan: Plan): EnvironmentState {
  const after = { ...state, rollout: null, draining: [] };
  switch (event.payload.end) {
    case 'settled': {
      if (isReleaseZero(plan.to)) return handedBack(after, event.at);
      const before = plan.before.kind === 'adopted' ? releaseZero : withoutSince(state.serving);
      const previous = plan.kind === 'rollback' ? null : before;
      const orders = stopped(state.orders, (order) => order.revision !== plan.to.revision);
      return { ...after, orders, serving: { ...plan.to, since: event.at }, previous };
    }
    case 'returned':
      return { ...after, orders: stopped(state.orders, (order) => order.revision === plan.to.revision) };
    case 'stranded':
      return stranded(after, event, plan);
  }
}

/** Users get release 0 again, and nothing of Lotse's serves. */
function handedBack(state: EnvironmentState, since: UnixMs): EnvironmentState {
  const upstream = state.upstream === null ? null : { ...state.upstream, since };
  return { ...state, orders: stopped(state.orders, () => true), serving: null, previous: null, upstream };
}

/** Where neither side could serve fully, that side serves which still can: the next rollout starts from it. */
function stranded(state: EnvironmentState, event: Ended, plan: Plan): EnvironmentState {
  const level = event.payload.level ?? state.level;
  const after = { ...state, level, epoch: state.epoch + epochStep };
  const isNew = level.kind === 'shares' && level.shares.some((share) => share.revision === plan.to.revision);
  if (!isNew) return { ...after, standby: plan.to.revision };
  // What served before is what is gone back to, and stands by as such.
  return { ...after, serving: { ...plan.to, since: event.at }, previous: withoutSince(state.serving) };
}

function withoutSince(serving: EnvironmentState['serving']): EnvironmentState['previous'] {
  return serving === null ? null : { revision: serving.revision, release: serving.release };
}

const isWanted = (order: SlotOrder): boolean => order.slots > 0;

function stopped(orders: readonly SlotOrder[], isOver: (order: SlotOrder) => boolean): readonly SlotOrder[] {
  return orders.map((order) => (isOver(order) ? { ...order, slots: 0 } : order));
}

function downed(state: EnvironmentState): EnvironmentState {
  const orders = state.orders.map((order) => ({ ...order, slots: 0 }));
  const level: TrafficLevel = { kind: 'maintenance', message: 'This service has been taken down by its operators.' };
  const nothing = { draining: [], serving: null, previous: null, standby: null, upstream: null };
  return { ...state, ...nothing, orders, level, epoch: state.epoch + epochStep };
}

/** Nothing is ordered of it but that users get there: it is not Lotse's. */
function adopted(state: EnvironmentState, { host, port }: Address, since: UnixMs): EnvironmentState {
  const level: TrafficLevel = { kind: 'adopted', host, port };
  return { ...state, level, draining: [], epoch: state.epoch + epochStep, upstream: { host, port, since } };
}
