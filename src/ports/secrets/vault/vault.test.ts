import { join } from 'node:path';
import { rm } from 'node:fs/promises';
import { sealedRows } from '../../../capabilities/secrets/secret-rows.ts';
import { temporaryDatabase } from '../../../database/temporary-database.ts';
import { secretsContract } from '../secrets.contract.ts';
import { Vault } from './vault.ts';

secretsContract('the built-in vault', async () => {
  const undo: (() => unknown)[] = [];
  const t = { after: (end: () => unknown) => void undo.push(end) };
  const { database, journal, folder } = await temporaryDatabase(t);
  await database.db.updateTable('owner_fence').set({ fence: 1 }).execute();
  const store = new Vault(sealedRows({ database, journal, fence: () => 1, now: Date.now }), join(folder, 'vault.key'));
  return {
    store,
    plant: () => Promise.reject(new Error('it is written by Lotse')),
    async [Symbol.asyncDispose]() {
      for (const end of undo) await end();
      await rm(folder, { recursive: true, force: true });
    },
  };
});
