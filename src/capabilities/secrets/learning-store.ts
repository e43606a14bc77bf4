import type { HiddenValues } from '../../core/hidden-values.ts';
import type { Scope } from '../../core/ids.ts';
import type { SecretStore } from '../../ports/secrets/secrets.ts';

/** A store whose values are put out of sight everywhere, from the moment on in which they are seen. */
export function learningStore(store: SecretStore, hidden: Pick<HiddenValues, 'add'>): SecretStore {
  return {
    traits: store.traits,
    async read(place, version) {
      const held = await store.read(place, version);
      if (held !== null) hidden.add(held.value);
      return held;
    },
    list: (scope) => store.list(scope),
    async write(place, value, actor, change) {
      hidden.add(value);
      return await store.write(place, value, actor, change);
    },
    revoke: (place, version, actor) => store.revoke(place, version, actor),
    remove: (place, actor, reason) => store.remove(place, actor, reason),
  };
}

/** Sees every value of these environments once: output of earlier days may hold them. What cannot be read now is learnt when it is. */
export async function learnValues(store: SecretStore, scopes: readonly Scope[]): Promise<void> {
  for (const scope of scopes) {
    const known = await store.list(scope).catch(() => []);
    for (const { name } of known) await store.read({ ...scope, name }).catch(() => null);
  }
}
