import { LotseError } from '../../core/errors.ts';
import { chainOf, type ChainName, type ReleaseId, type Scope, type ServiceName } from '../../core/ids.ts';
import { variableOf } from '../../core/variable-names.ts';
import type { Bindings, FrontDoor, RevisionPorts, Surroundings } from '../../engine/engine.ts';
import type { StoreDriver } from '../../ports/stores/stores.ts';
import type { Variables } from '../../ports/targets/targets.ts';
import { webServices, type Revision } from '../../rollout/release.ts';
import { askGates } from './ask-gates.ts';
import { findEnvironmentRow, learnFixedPort } from './environment-rows.ts';
import { environmentOf } from './release-manifest.ts';
import { findRelease, findRevision } from './release-rows.ts';
import type { ReleasesContext } from './releases-context.ts';

/** What the engine's bindings need beyond the capability's own context. */
export interface BindingSources {
  readonly context: () => ReleasesContext;
  readonly stores: StoreDriver;
  /** Config of a service (null: of jobs); null when the frozen version is gone. */
  readonly config: (revision: Revision, service: ServiceName | null) => Promise<Variables | null>;
}

/** How the engine finds revisions, ports, surroundings and gates: the house's side of `Bindings`. */
export function engineBindings({ context, stores, config }: BindingSources): Bindings {
  const known: KnownDomains = new Map();
  return {
    revision: (scope, id) => requireRevision(context(), scope, id),
    frontDoor: (scope) => frontDoor(context(), scope, known),
    ports: (scope, revision) => revisionPorts(context(), scope, revision),
    release: (scope, revision) => context().ports.release(scope, revision),
    surroundings: async (scope, revision, service) => {
      const values = await config(revision, service);
      if (values === null) {
        throw new LotseError('not-found', `the config version of ${revision.id} is gone`, {
          hint: 'Deploy the release again: that freezes its config anew.',
        });
      }
      return await surroundings(context(), stores, scope, revision, service, values);
    },
    gates: async (plan, gateIds) => {
      const scope = { app: plan.app, environment: plan.environment };
      return await askGates(context(), plan, await requireRevision(context(), scope, plan.to.revision), gateIds);
    },
    learnFixedPort: (scope, service, port) =>
      learnFixedPort(context().database.db, scope, service, port, context().now()),
  };
}

async function requireRevision(context: ReleasesContext, scope: Scope, id: string): Promise<Revision> {
  const found = await findRevision(context.database.db, scope.app, id);
  if (found === null) throw new LotseError('not-found', `the record of revision ${id} is gone`);
  return found;
}

/** Names and port of an environment as its accepted definition says. */
export async function frontDoor(
  context: ReleasesContext,
  scope: Scope,
  known: KnownDomains = new Map(),
): Promise<FrontDoor> {
  const domains = await domainsOf(context, scope, known);
  const port = await context.ports.portFor({ ...scope, purpose: 'environment', revision: '', service: '' });
  return { domains, port, url: `http://127.0.0.1:${port}` };
}

/**
 * By environment: what the accepted release says. The engine asks every second and a release never changes, so its
 * manifest is not read again each time.
 */
type KnownDomains = Map<ChainName, { readonly release: ReleaseId; readonly domains: readonly string[] }>;

async function domainsOf(context: ReleasesContext, scope: Scope, known: KnownDomains): Promise<readonly string[]> {
  const { db } = context.database;
  const row = await findEnvironmentRow(db, scope);
  if (row === null) return [];
  const before = known.get(chainOf(scope));
  if (before?.release === row.release) return before.domains;
  const { domains } = environmentOf(await findRelease(db, scope.app, row.release), scope.environment);
  known.set(chainOf(scope), { release: row.release, domains });
  return domains;
}

async function revisionPorts(context: ReleasesContext, scope: Scope, revision: Revision): Promise<RevisionPorts> {
  const web = webServices(revision);
  if (web.length === 0) return { pinned: null, internal: {} };
  const use = { ...scope, revision: revision.id };
  const pinned = await context.ports.portFor({ ...use, purpose: 'pinned', service: '' });
  const internal: Record<string, number> = {};
  for (const { service } of web)
    internal[service] = await context.ports.portFor({ ...use, purpose: 'internal', service });
  return { pinned, internal };
}

async function surroundings(
  context: ReleasesContext,
  stores: StoreDriver,
  scope: Scope,
  revision: Revision,
  service: ServiceName | null,
  config: Variables,
): Promise<Surroundings> {
  const { internal } = await revisionPorts(context, scope, revision);
  const bindings = await Promise.all(revision.stores.map((store) => stores.bind(scope, store)));
  const urls = Object.entries(internal).map(([name, port]) => [variableOf(name, 'URL'), `http://127.0.0.1:${port}`]);
  const variables: Variables = {
    ...config,
    ...Object.fromEntries(urls),
    ...Object.assign({}, ...bindings.map((binding) => binding.variables)),
    LOTSE_APP: scope.app,
    LOTSE_ENVIRONMENT: scope.environment,
    ...(service === null ? {} : { LOTSE_SERVICE: service }),
    LOTSE_RELEASE: revision.release,
  };
  return { variables, storeFolders: bindings.flatMap((binding) => binding.folders) };
}
