import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { toLotseError } from '../../../core/errors.ts';
import { variableOf } from '../../../core/variable-names.ts';
import type { StoreDriver } from '../stores.ts';

/** Stores that are folders of this machine, one tree for each environment, below `root`. */
export function folderStores(root: string): StoreDriver {
  return {
    async bind(scope, store) {
      const folder = join(root, scope.app, scope.environment, store.folder);
      try {
        await mkdir(folder, { recursive: true });
      } catch (thrown) {
        throw toLotseError(thrown);
      }
      return { variables: { [variableOf(store.store, 'DIR')]: folder }, folders: [folder] };
    },
  };
}
