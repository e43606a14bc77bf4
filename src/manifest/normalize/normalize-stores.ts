import type { StoreDefinition } from '../app-manifest.ts';
import { defaults } from '../defaults.ts';
import { variableOf } from '../../core/variable-names.ts';
import type { WrittenManifest } from '../schema/manifest-schema.ts';
import type { Context } from './context.ts';
import { reportMeaning } from './context.ts';

const drivers = ['folder', 'firestore', 'postgres'] as const;

/** Only folders are built; a store of another kind is refused elsewhere and left out here. */
export function normalizeStores(written: WrittenManifest['stores'], context: Context): Record<string, StoreDefinition> {
  const stores: Record<string, StoreDefinition> = {};
  for (const [name, store] of Object.entries(written ?? {})) {
    const used = drivers.filter((driver) => store[driver] !== undefined);
    if (used.length !== 1) {
      const found = used.length === 0 ? 'none of them' : used.join(' and ');
      reportMeaning(context, ['stores', name], `a store needs one of ${drivers.join(', ')}; found ${found}`, 'key');
    }
    if (store.folder === undefined) continue;
    checkFolder(name, store.folder, stores, context);
    stores[name] = {
      store: name,
      kind: 'folder',
      folder: store.folder,
      shared: (store.share ?? defaults.share) !== 'none',
      variable: variableOf(name, 'DIR'),
    };
  }
  return stores;
}

function checkFolder(
  name: string,
  folder: string,
  before: Readonly<Record<string, StoreDefinition>>,
  context: Context,
): void {
  const path = ['stores', name, 'folder'];
  if (folder === '.') reportMeaning(context, path, 'a store needs a folder of its own; name it');
  for (const other of Object.values(before)) {
    if (!`${folder}/`.startsWith(`${other.folder}/`) && !`${other.folder}/`.startsWith(`${folder}/`)) continue;
    reportMeaning(
      context,
      path,
      `the store ${other.store} has the folder ${other.folder}; folders of two stores must not overlap`,
    );
  }
}
