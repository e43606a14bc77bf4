import { toLotseError } from '../../core/errors.ts';
import type { Scope } from '../../core/ids.ts';
import type { SecretStore } from '../../ports/secrets/secrets.ts';
import type { SecretStoreView } from './secrets-api.ts';

/**
 * Can what is kept be read now? `store` is one that remembers nothing: a key that is gone from the disk is still in the
 * memory of the one that is used. Of Lotse's own vault every value is opened, of a store elsewhere the first one.
 */
export async function checkStore(store: SecretStore, scopes: readonly Scope[]): Promise<SecretStoreView> {
  const { title, keepsBooks } = store.traits;
  let read = 0;
  try {
    for (const scope of scopes) {
      for (const { name } of await store.list(scope)) {
        if (!keepsBooks && read > 0) break;
        await store.read({ ...scope, name });
        read += 1;
      }
    }
    return { title, read, problem: null, hint: null };
  } catch (thrown) {
    const { message, hint } = toLotseError(thrown);
    return { title, read, problem: message, hint: hint ?? null };
  }
}
