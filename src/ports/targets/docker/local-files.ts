import { chmod, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder, orDiskFull } from '../slots/state-files.ts';
import { giveTo } from '../slots/users.ts';
import type { ContainerFiles, ContainerUser } from './container-files.ts';
import { claimFolder } from './container-files.ts';

/** The engine sees our files: stores and claims are bound into containers as they are. */
export const localFiles: ContainerFiles = {
  async mounts({ storeFolders, claimFile, user }) {
    await giveStores(storeFolders, user);
    // Stores lie inside where they lie outside: variables name them so.
    const stores = storeFolders.map((folder) => ({ Type: 'bind', Source: folder, Target: folder }) as const);
    if (claimFile === null) return stores;
    // The folder, not the file: a file that is replaced would stay what it was.
    return [...stores, { Type: 'bind', Source: dirname(claimFile), Target: claimFolder, ReadOnly: true }];
  },
  async fill() {},
  async spreadClaim() {},
};

async function giveStores(folders: readonly string[], user: ContainerUser): Promise<void> {
  for (const folder of folders) {
    await orDiskFull(folder, async () => {
      await makeFolderOnce(folder);
      await giveTo(user.environment, folder);
      if (user.isOfImage) await chmod(folder, 0o2770);
    });
  }
}

async function makeFolderOnce(folder: string): Promise<void> {
  const isThere = await stat(folder).then(
    () => true,
    () => false,
  );
  if (!isThere) await makeFolder(folder, 0o700);
}
