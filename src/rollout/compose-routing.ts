import type {
  InnerDoor,
  RoutedEnvironment,
  RoutedInstance,
  RoutedRevision,
  RoutingMode,
  Share,
} from '../core/routing-document.ts';
import type { Address } from '../core/routing-document.ts';
import type { RevisionId, Scope, ServiceName } from '../core/ids.ts';
import type { EnvironmentState } from './environment-state.ts';
import type { ObservedSlot } from './facts.ts';
import { webServices, type Revision, type ServiceDefinition } from './release.ts';

/** A slot with the address it was seen on. */
export type AddressedSlot = Pick<ObservedSlot, 'revision' | 'service' | 'slot' | 'state'> & {
  readonly address: Address | null;
};

export interface RoutingInput {
  readonly scope: Scope;
  readonly domains: readonly string[];
  readonly previewDomains: readonly string[];
  readonly https: RoutedEnvironment['https'];
  readonly port: number | null;
  readonly state: EnvironmentState;
  /** Frozen revisions by id, at least those that are ordered or have a share. */
  readonly revisions: ReadonlyMap<RevisionId, Revision>;
  readonly slots: readonly AddressedSlot[];
  /** What the proxies were told last; null: nothing. */
  readonly told: Pick<RoutedEnvironment, 'epoch' | 'salt' | 'shares'> | null;
  readonly pinnedPort: (revision: RevisionId) => number | null;
  readonly internalPort: (revision: RevisionId, service: ServiceName) => number | null;
  readonly inner: (revision: RevisionId) => InnerDoor | null;
}

/** What the proxies were told of slots, for whoever has not seen any yet. */
export function toldSlots(told: Pick<RoutedEnvironment, 'revisions'> | null): readonly AddressedSlot[] {
  return (told?.revisions ?? []).flatMap(({ revision, services }) =>
    services.flatMap(({ service, instances }) =>
      instances.map(({ slot, address, state }) => {
        return { revision, service, slot, address, state: state === 'accepting' ? 'ready' : 'unready' };
      }),
    ),
  );
}

/** Pure: what the proxies are told about an environment, from what is ordered and what was last seen. */
export function composeRouting(input: RoutingInput): RoutedEnvironment {
  const revisions = [...input.revisions.values()]
    .filter((revision) => isNamed(input, revision.id))
    // The proxy takes the last one for the newest.
    .sort((a, b) => a.number - b.number)
    .map((revision) => routedRevision(input, revision));
  const shares = servingShares(input, revisions);
  return {
    ...input.scope,
    domains: input.domains,
    port: input.port,
    mode: modeOf(input),
    epoch: epochOf(input, shares),
    salt: input.state.salt,
    shares,
    revisions,
    previewDomains: input.previewDomains,
    https: input.https,
  };
}

/**
 * Counters of one epoch never mix two shares. What is ordered has an epoch of its own; where shares differ from it for a
 * while, because a side is down, each change begins another one.
 */
function epochOf({ state, told }: RoutingInput, shares: readonly Share[]): number {
  if (told === null || told.epoch < state.epoch) return state.epoch;
  const isSame = told.salt === state.salt && JSON.stringify(told.shares) === JSON.stringify(shares);
  return isSame ? told.epoch : told.epoch + 1;
}

function isNamed(input: RoutingInput, revision: RevisionId): boolean {
  const isOrdered = input.state.orders.some((order) => order.revision === revision && order.slots > 0);
  return (
    isOrdered ||
    input.slots.some((slot) => slot.revision === revision) ||
    sharesOf(input).some((s) => s.revision === revision)
  );
}

function sharesOf(input: RoutingInput): readonly Share[] {
  const { level } = input.state;
  return level.kind === 'shares' || level.kind === 'paused' ? level.shares : [];
}

function modeOf(input: RoutingInput): RoutingMode {
  const { level } = input.state;
  switch (level.kind) {
    case 'shares':
      return { kind: 'serving' };
    case 'paused':
      return { kind: 'paused', maxHeld: level.maxHeld, maxHoldMs: level.maxHoldMs };
    case 'maintenance':
      return { kind: 'maintenance', retryAfterS: 30, message: level.message };
    case 'adopted':
      return { kind: 'adopted', address: { host: level.host, port: level.port } };
  }
}

function routedRevision(input: RoutingInput, revision: Revision): RoutedRevision {
  const inner = input.inner(revision.id);
  return {
    revision: revision.id,
    release: revision.release,
    pinnedPort: input.pinnedPort(revision.id),
    ...(inner === null ? {} : { inner }),
    services: webServices(revision).map((service) => ({
      service: service.service,
      path: service.path,
      stickiness: service.stickiness,
      instances: instancesOf(input, revision.id, service),
      internalPort: input.internalPort(revision.id, service.service),
      lateAfterMs: input.state.lateAfterMs[service.service] ?? [],
      assets: service.assets,
      readyPath: service.ready?.kind === 'http' ? service.ready.path : null,
    })),
  };
}

/** Ready slots accept; when none is ready, those that at least have an address are better than nothing. */
function instancesOf(
  input: RoutingInput,
  revision: RevisionId,
  definition: ServiceDefinition,
): readonly RoutedInstance[] {
  const { service } = definition;
  const own = input.slots.filter((slot) => slot.revision === revision && slot.service === service);
  const leaves = (slot: AddressedSlot) => isLeaving(input, slot);
  const ready = own.filter((slot) => slot.state === 'ready' && !leaves(slot));
  const usable = ready.length > 0 ? ready : own.filter((slot) => slot.state === 'unready' && !leaves(slot));
  return own.flatMap((slot): readonly RoutedInstance[] => {
    if (slot.address === null) return [];
    const routed = { slot: slot.slot, address: slot.address, drainMs: drainOf(input, slot, definition) };
    if (usable.includes(slot)) return [{ ...routed, state: 'accepting' }];
    return leaves(slot) ? [{ ...routed, state: 'draining' }] : [];
  });
}

/** One that stops is killed when its drain is over: its streams are closed long before. */
function drainOf(input: RoutingInput, slot: AddressedSlot, { drainMs }: ServiceDefinition): number {
  const told =
    input.state.draining.find((each) => isSame(each, slot) && slot.slot >= each.fromSlot)?.drainMs ?? drainMs;
  return slot.state === 'stopping' ? Math.min(told, Math.floor(drainMs / 2)) : told;
}

type OfService = { readonly revision: RevisionId; readonly service: ServiceName };

const isSame = (one: OfService, other: OfService): boolean =>
  one.revision === other.revision && one.service === other.service;

/** It stops, is about to, or was told to take nothing new. */
function isLeaving(input: RoutingInput, slot: AddressedSlot): boolean {
  const ordered = input.state.orders.find((each) => isSame(each, slot))?.slots ?? Infinity;
  const drainFrom = input.state.draining.find((each) => isSame(each, slot))?.fromSlot ?? Infinity;
  return slot.state === 'stopping' || slot.slot >= Math.min(ordered, drainFrom);
}

/**
 * Nothing is sent to a revision that is known to have no ready instance while another one, which has served users
 * before, has one: its share goes to those that do.
 */
function servingShares(input: RoutingInput, revisions: readonly RoutedRevision[]): readonly Share[] {
  const wanted = sharesOf(input);
  const find = (id: RevisionId) => revisions.find((revision) => revision.revision === id);
  const isUp = (id: RevisionId) => webServicesUp(input, find(id));
  const mayInherit = (id: RevisionId | undefined) => id !== undefined && find(id)?.services.length !== 0 && isUp(id);
  const up = wanted.filter((share) => isUp(share.revision));
  if (up.length === wanted.length) return wanted;
  // What served before is stopped once it is not needed: as long as it runs, it may serve again.
  const { serving, previous, standby } = input.state;
  const heir = [up.at(-1)?.revision, serving?.revision, previous?.revision, standby ?? undefined].find(mayInherit);
  if (heir === undefined) return wanted;
  const spare = 1000 - up.reduce((sum, share) => sum + share.permille, 0);
  const known = up.some((share) => share.revision === heir);
  if (!known) return [{ revision: heir, permille: 1000 }];
  return up.map((share) => (share.revision === heir ? { ...share, permille: share.permille + spare } : share));
}

function webServicesUp(input: RoutingInput, revision: RoutedRevision | undefined): boolean {
  if (revision === undefined) return false;
  return revision.services.every((service) =>
    input.slots.some(
      (slot) =>
        slot.revision === revision.revision &&
        slot.service === service.service &&
        slot.state === 'ready' &&
        !isLeaving(input, slot),
    ),
  );
}
