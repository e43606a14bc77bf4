import { LotseError } from '../../core/errors.ts';
import type { Scope, ServiceName } from '../../core/ids.ts';
import type { InnerDoor } from '../../core/routing-document.ts';
import { variableOf } from '../../core/variable-names.ts';
import type { Bindings, FrontDoor, RevisionPorts, Surroundings } from '../../engine/engine.ts';
import type { StoreDriver } from '../../ports/stores/stores.ts';
import type { Variables } from '../../ports/targets/targets.ts';
import { webServices, type Revision } from '../../rollout/release.ts';
import { askGates } from './ask-gates.ts';
import { learnFixedPort } from './environment-rows.ts';
import { findRevision } from './release-rows.ts';
import type { ReleasesContext } from './releases-context.ts';
import { signalQueries } from './signal-queries.ts';

/** What the engine's bindings need beyond the capability's own context. */
export interface BindingSources {
  readonly context: () => ReleasesContext;
  readonly stores: StoreDriver;
  /** Config of a service (null: of jobs); null when the frozen version is gone. */
  readonly config: (revision: Revision, service: ServiceName | null) => Promise<Variables | null>;
  readonly secrets: (revision: Revision) => Promise<Variables>;
}

/** How the engine finds revisions, ports, surroundings and gates: the house's side of `Bindings`. */
export function engineBindings({ context, stores, config, secrets }: BindingSources): Bindings {
  return {
    revision: (scope, id) => requireRevision(context(), scope, id),
    frontDoor: (scope) => frontDoor(context(), scope),
    ports: (scope, revision) => revisionPorts(context(), scope, revision),
    release: (scope, revision) => context().ports.release(scope, revision),
    surroundings: async (scope, revision, service) => {
      const values = await config(revision, service);
      if (values === null) {
        throw new LotseError('not-found', `the config version of ${revision.id} is gone`, {
          hint: 'Deploy the release again: that freezes its config anew.',
        });
      }
      const given = { ...values, ...(await secrets(revision)) };
      return await surroundings(context(), stores, scope, revision, service, given);
    },
    gates: async (plan, gateIds) => {
      const scope = { app: plan.app, environment: plan.environment };
      return await askGates(context(), plan, await requireRevision(context(), scope, plan.to.revision), gateIds);
    },
    signals: (plan) => signalQueries(context(), plan),
    learnFixedPort: (scope, service, port) =>
      learnFixedPort(context().database.db, scope, service, port, context().now()),
  };
}

async function requireRevision(context: ReleasesContext, scope: Scope, id: string): Promise<Revision> {
  const found = await findRevision(context.database.db, scope.app, id);
  if (found === null) throw new LotseError('not-found', `the record of revision ${id} is gone`);
  return found;
}

/** Names, port and what TLS gives them, as the environment's accepted definition says. */
export async function frontDoor(context: ReleasesContext, scope: Scope): Promise<FrontDoor> {
  const names = await context.names.of(scope);
  const { https, previewDomains } = context.secured(names);
  const port = await context.ports.portFor({ ...scope, purpose: 'environment', revision: '', service: '' });
  return { domains: names.domains, previewDomains, https, port, url: `http://127.0.0.1:${port}` };
}

/** Where a job of the revision asks what users get: the target points loopback at where its instances reach the proxy. */
export async function publicUrl(context: ReleasesContext, scope: Scope, revision: Revision): Promise<string | null> {
  const port = (await innerDoor(context, scope, revision))?.publicPort ?? null;
  return port === null ? (await frontDoor(context, scope)).url : `http://127.0.0.1:${port}`;
}

async function revisionPorts(context: ReleasesContext, scope: Scope, revision: Revision): Promise<RevisionPorts> {
  const web = webServices(revision);
  const inner = await innerDoor(context, scope, revision);
  const host = isHere(revision) ? inner?.host : undefined;
  if (web.length === 0) return { pinned: null, internal: {}, inner };
  const use = { ...scope, revision: revision.id };
  const pinned = await context.ports.portFor({ ...use, purpose: 'pinned', service: '' }, host);
  const internal: Record<string, number> = {};
  for (const { service } of web)
    internal[service] = await context.ports.portFor({ ...use, purpose: 'internal', service }, host);
  return { pinned, internal, inner };
}

async function innerDoor(context: ReleasesContext, scope: Scope, revision: Revision): Promise<InnerDoor | null> {
  const network = await context.target.innerNetwork({
    ...scope,
    target: revision.target,
    servers: revision.servers ?? [],
  });
  if (network === null) return null;
  const use = { ...scope, purpose: 'inner', revision: '', service: '' } as const;
  const publicPort = await context.ports.portFor(use, isHere(revision) ? network.host : undefined);
  return { ...network, publicPort };
}

/** Of another machine nobody can tell from here which of its ports are free. */
function isHere({ servers = [] }: Revision): boolean {
  return servers.length === 0;
}

async function surroundings(
  context: ReleasesContext,
  stores: StoreDriver,
  scope: Scope,
  revision: Revision,
  service: ServiceName | null,
  given: Variables,
): Promise<Surroundings> {
  const { internal } = await revisionPorts(context, scope, revision);
  const bindings = await Promise.all(revision.stores.map((store) => stores.bind(scope, store)));
  const urls = Object.entries(internal).map(([name, port]) => [variableOf(name, 'URL'), `http://127.0.0.1:${port}`]);
  const variables: Variables = {
    ...given,
    ...Object.fromEntries(urls),
    ...Object.assign({}, ...bindings.map((binding) => binding.variables)),
    LOTSE_APP: scope.app,
    LOTSE_ENVIRONMENT: scope.environment,
    ...(service === null ? {} : { LOTSE_SERVICE: service }),
    LOTSE_RELEASE: revision.release,
  };
  return { variables, storeFolders: bindings.flatMap((binding) => binding.folders) };
}
