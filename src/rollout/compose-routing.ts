import type {
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
import { webServices, type Revision } from './release.ts';

/** A slot with the address it was seen on. */
export type AddressedSlot = Pick<ObservedSlot, 'revision' | 'service' | 'slot' | 'state'> & {
  readonly address: Address | null;
};

export interface RoutingInput {
  readonly scope: Scope;
  readonly domains: readonly string[];
  readonly port: number | null;
  readonly state: EnvironmentState;
  /** Frozen revisions by id, at least those that are ordered or have a share. */
  readonly revisions: ReadonlyMap<RevisionId, Revision>;
  readonly slots: readonly AddressedSlot[];
  readonly pinnedPort: (revision: RevisionId) => number | null;
  readonly internalPort: (revision: RevisionId, service: ServiceName) => number | null;
}

/** Pure: what the proxies are told about an environment, from what is ordered and what was last seen. */
export function composeRouting(input: RoutingInput): RoutedEnvironment {
  const revisions = [...input.revisions.values()]
    .filter((revision) => isNamed(input, revision.id))
    .map((revision) => routedRevision(input, revision));
  const shares = servingShares(input, revisions);
  return {
    ...input.scope,
    domains: input.domains,
    port: input.port,
    mode: modeOf(input),
    epoch: input.state.epoch,
    salt: input.state.salt,
    shares,
    revisions,
  };
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
  return {
    revision: revision.id,
    release: revision.release,
    pinnedPort: input.pinnedPort(revision.id),
    services: webServices(revision).map((service) => ({
      service: service.service,
      path: service.path,
      stickiness: service.stickiness,
      instances: instancesOf(input, revision.id, service.service),
      internalPort: input.internalPort(revision.id, service.service),
      lateAfterMs: null,
    })),
  };
}

/** Ready slots accept; when none is ready, those that at least have an address are better than nothing. */
function instancesOf(input: RoutingInput, revision: RevisionId, service: ServiceName): readonly RoutedInstance[] {
  const own = input.slots.filter((slot) => slot.revision === revision && slot.service === service);
  const leaves = (slot: AddressedSlot) => isLeaving(input, slot);
  const ready = own.filter((slot) => slot.state === 'ready' && !leaves(slot));
  const usable = ready.length > 0 ? ready : own.filter((slot) => slot.state === 'unready' && !leaves(slot));
  return own.flatMap((slot): readonly RoutedInstance[] => {
    if (slot.address === null) return [];
    if (usable.includes(slot)) return [{ slot: slot.slot, address: slot.address, state: 'accepting' }];
    return leaves(slot) ? [{ slot: slot.slot, address: slot.address, state: 'draining' }] : [];
  });
}

/** It stops, is about to, or was told to take nothing new. */
function isLeaving(input: RoutingInput, { revision, service, slot, state }: AddressedSlot): boolean {
  const isOfIt = (each: { readonly revision: RevisionId; readonly service: ServiceName }) =>
    each.revision === revision && each.service === service;
  const ordered = input.state.orders.find(isOfIt)?.slots ?? Infinity;
  const drainFrom = input.state.draining.find(isOfIt)?.fromSlot ?? Infinity;
  return state === 'stopping' || slot >= Math.min(ordered, drainFrom);
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
  if (up.length === wanted.length || wanted.length === 0) return wanted;
  // What served before is stopped once it is not needed: as long as it runs, it may serve again.
  const { serving, previous } = input.state;
  const heir = [up.at(-1), serving, previous].find((each) => mayInherit(each?.revision))?.revision;
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
