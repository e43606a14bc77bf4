import { LotseError } from '../core/errors.ts';
import type { Address, RoutedEnvironment } from '../core/routing-document.ts';
import type { Scope, ServiceName } from '../core/ids.ts';
import type { OneOffOrder } from '../ports/targets/session.ts';
import type { JobOrder, ServiceOrder, Variables } from '../ports/targets/targets.ts';
import type { SlotOrder } from '../rollout/environment-state.ts';
import type { Effect } from '../rollout/plan.ts';
import type { JobDefinition, Revision } from '../rollout/release.ts';
import type { Bindings } from './bindings.ts';

/** The full order for a target, with every reference resolved. */
export async function serviceOrder(
  bindings: Bindings,
  scope: Scope,
  revision: Revision,
  order: SlotOrder,
  avoid: readonly Address[],
): Promise<ServiceOrder> {
  const definition = revision.services.find((service) => service.service === order.service);
  if (definition === undefined) throw new LotseError('internal', `${order.revision} has no service ${order.service}`);
  const { variables, storeFolders } = await bindings.surroundings(scope, revision, order.service);
  return {
    ...scope,
    revision: revision.id,
    release: revision.release,
    target: revision.target,
    servers: revision.servers ?? [],
    artifact: revision.artifact,
    definition,
    slots: order.slots,
    claim: definition.readsClaim ? (order.claim ?? 'all') : null,
    variables,
    storeFolders,
    avoid,
  };
}

/** A job that shall run in the surroundings of a revision. */
export interface WantedJob {
  readonly key: string;
  readonly revision: Revision;
  readonly definition: JobDefinition;
  /** Beside what every job of the revision is given. */
  readonly variables: Variables;
  /** Whose config it has; missing: that of jobs. */
  readonly service?: ServiceName;
  /** Keys of jobs that have ended and whose records and logs are kept no longer. */
  readonly forgets?: readonly string[];
}

/** The full order for a job, with every reference resolved. */
export async function jobOrder(bindings: Bindings, scope: Scope, wanted: WantedJob): Promise<JobOrder> {
  const { key, revision, definition } = wanted;
  const { variables, storeFolders } = await bindings.surroundings(scope, revision, wanted.service ?? null);
  return {
    ...scope,
    key,
    revision: revision.id,
    target: revision.target,
    servers: revision.servers ?? [],
    artifact: revision.artifact,
    argv: definition.argv,
    root: definition.root,
    variables: { ...variables, ...wanted.variables },
    storeFolders,
    withinMs: definition.withinMs,
    forgets: wanted.forgets ?? [],
  };
}

/** What somebody wants to run once as a service runs. */
export interface WantedOneOff extends Pick<OneOffOrder, 'key' | 'argv' | 'terminal'> {
  readonly revision: Revision;
  readonly service: ServiceName;
}

/** The full order for it, with every reference resolved. */
export async function oneOffOrder(bindings: Bindings, scope: Scope, wanted: WantedOneOff): Promise<OneOffOrder> {
  const { revision, service, key, argv, terminal } = wanted;
  const order = { revision: revision.id, service, slots: 0, claim: null };
  const {
    slots: _slots,
    claim: _claim,
    avoid: _avoid,
    ...rest
  } = await serviceOrder(bindings, scope, revision, order, []);
  return { ...rest, key, argv, terminal };
}

/** The job of a step; BASE_URL says where the app is. */
export async function stepJob(
  bindings: Bindings,
  scope: Scope,
  effect: Extract<Effect, { kind: 'job' }>,
): Promise<WantedJob> {
  const revision = await bindings.revision(scope, effect.revision);
  const definition = [...revision.jobs, revision.verification].find((job) => job?.job === effect.job);
  if (!definition) throw new LotseError('internal', `${effect.revision} has no job ${effect.job}`);
  const baseUrl = await baseUrlOf(bindings, scope, effect);
  const pinned = effect.baseUrl === 'pinned' ? { LOTSE_PINNED: '1' } : {};
  const variables = { ...(baseUrl === null ? {} : { BASE_URL: baseUrl }), ...pinned };
  return { key: effect.key, revision, definition, variables };
}

async function baseUrlOf(
  bindings: Bindings,
  scope: Scope,
  effect: Extract<Effect, { kind: 'job' }>,
): Promise<string | null> {
  const { pinned, inner } = await bindings.ports(scope, await bindings.revision(scope, effect.revision));
  if (effect.baseUrl === 'public') {
    // The target points what names this machine's loopback to where its instances reach it.
    const own = inner?.publicPort ?? null;
    return own === null ? (await bindings.frontDoor(scope)).url : `http://127.0.0.1:${own}`;
  }
  return pinned === null ? null : `http://127.0.0.1:${pinned}`;
}

/** By the list that they were read from: each order asks, and with many environments there are many. */
const named = new WeakMap<readonly RoutedEnvironment[], readonly Address[]>();

/** Every instance address that a routing document names: given to no other instance. */
export function namedAddresses(environments: readonly RoutedEnvironment[]): readonly Address[] {
  const known = named.get(environments);
  if (known !== undefined) return known;
  const addresses = environments.flatMap((environment) =>
    environment.revisions.flatMap((revision) =>
      revision.services.flatMap((service) => service.instances.map((instance) => instance.address)),
    ),
  );
  named.set(environments, addresses);
  return addresses;
}
