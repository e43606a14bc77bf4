import type { Scope } from '../../core/ids.ts';
import { variableOf } from '../../core/variable-names.ts';
import type { StoreDriver } from '../../ports/stores/stores.ts';
import type { Variables } from '../../ports/targets/targets.ts';
import type { WantedService } from './dev-service.ts';
import type { DevTraffic } from './dev-traffic.ts';
import type { WorkingTree } from './read-working-tree.ts';
import { workingTree } from './stop-slots.ts';

/** Services with all that an instance is given: config, the others' addresses, stores. Errors of the store's driver. */
export async function wantedServices(
  tree: WorkingTree,
  scope: Scope,
  { stores, traffic }: { readonly stores: StoreDriver; readonly traffic: DevTraffic },
): Promise<readonly WantedService[]> {
  const bindings = await Promise.all(tree.stores.map((store) => stores.bind(scope, store)));
  const storeFolders = bindings.flatMap((binding) => binding.folders);
  const shared: Variables = {
    ...(await addresses(tree, traffic)),
    ...Object.assign({}, ...bindings.map((binding) => binding.variables)),
    LOTSE_APP: scope.app,
    LOTSE_ENVIRONMENT: scope.environment,
    LOTSE_RELEASE: workingTree.release,
  };
  return tree.services.map(({ definition, config }) => ({
    definition,
    variables: { ...config, ...shared, LOTSE_SERVICE: definition.service },
    storeFolders,
  }));
}

async function addresses(tree: WorkingTree, traffic: DevTraffic): Promise<Record<string, string>> {
  const variables: Record<string, string> = {};
  for (const { definition } of tree.services) {
    if (definition.kind !== 'web') continue;
    const port = await traffic.internalPort(definition.service);
    variables[variableOf(definition.service, 'URL')] = `http://127.0.0.1:${port}`;
  }
  return variables;
}
