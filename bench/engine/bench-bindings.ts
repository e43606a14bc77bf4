import { configValues } from '../../src/capabilities/config/config-part.ts';
import { findRevision } from '../../src/capabilities/releases/release-rows.ts';
import { LotseError } from '../../src/core/errors.ts';
import type { Scope } from '../../src/core/ids.ts';
import type { Database } from '../../src/database/open-database.ts';
import type { Bindings } from '../../src/engine/engine.ts';
import { evaluateGates } from '../../src/rollout/evaluate-gates.ts';
import { webServices, type Revision } from '../../src/rollout/release.ts';
import { domainOf } from './fleet.ts';

/**
 * Revisions and config come out of the database as in the control plane itself. Ports are numbers that nobody opens:
 * one machine has not so many.
 */
export function benchBindings({ db }: Database): Bindings {
  const revision = async (scope: Scope, id: string): Promise<Revision> => {
    const found = await findRevision(db, scope.app, id);
    if (found === null) throw new LotseError('not-found', `there is no revision ${id} of ${scope.app}`);
    return found;
  };
  return {
    revision,
    frontDoor: (scope) =>
      Promise.resolve({ domains: [domainOf(scope)], previewDomains: [], https: null, port: 8101, url: null }),
    ports: (_, { services }) => {
      const internal = services.map(({ service }, index) => [service, 20_500 + index] as const);
      return Promise.resolve({ pinned: 20_000, internal: Object.fromEntries(internal), inner: null });
    },
    release: () => Promise.resolve(),
    async surroundings(scope, bound, service) {
      const config = await configValues(db, scope, bound.configVersion, service);
      if (config === null) throw new LotseError('not-found', `there is no ${bound.configVersion}`);
      const urls = webServices(bound).map((each, index) => [
        `${each.service}_URL`,
        `http://127.0.0.1:${20_500 + index}`,
      ]);
      return { variables: { ...config, ...Object.fromEntries(urls) }, storeFolders: [] };
    },
    gates: async (plan, ids) => {
      await revision(plan, plan.to.revision);
      const asked = plan.gates.filter((gate) => ids.includes(gate.id));
      const { release } = plan.to;
      const inquiry = {
        ...plan.to,
        release,
        environment: plan.environment,
        startedBy: plan.startedBy,
        now: Date.now(),
      };
      return evaluateGates(asked, { ...inquiry, evidence: [], overrides: [], quarantine: null, proofs: [] });
    },
    signals: () => Promise.resolve([]),
    learnFixedPort: () => Promise.resolve(),
  };
}
