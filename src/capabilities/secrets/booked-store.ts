import type { Actor } from '../../core/events.ts';
import { chainOf } from '../../core/ids.ts';
import type { DatabaseJournal } from '../../database/journal.ts';
import type { SecretPlace, SecretStore } from '../../ports/secrets/secrets.ts';
import { secretEvent } from './secret-events.ts';

interface BookParts {
  readonly journal: DatabaseJournal;
  readonly fence: () => number;
}

/**
 * A store elsewhere whose changes are written to the journal: after they were made, because only then there is a version
 * to name. A control plane that dies between the two leaves a value that the journal does not know of; the store has books
 * of its own.
 */
export function bookedStore(store: SecretStore, { journal, fence }: BookParts): SecretStore {
  if (store.traits.keepsBooks) return store;
  type Draft = ReturnType<typeof secretEvent>;
  const append = async (place: SecretPlace, event: Draft) => {
    await journal.append(chainOf(place), fence(), [event]);
  };
  return {
    traits: store.traits,
    read: (place, version) => store.read(place, version),
    list: (scope) => store.list(scope),
    async write(place, value, actor, change) {
      const known = await store.write(place, value, actor, change);
      const by = { actor, reason: change.reason };
      await append(place, secretEvent('secret-set', by, { name: known.name, version: known.version }));
      return known;
    },
    async revoke(place, version, actor: Actor) {
      await store.revoke(place, version, actor);
      await append(place, secretEvent('secret-revoked', { actor, reason: null }, { name: place.name, version }));
    },
    async remove(place, actor, reason) {
      await store.remove(place, actor, reason);
      await append(place, secretEvent('secret-removed', { actor, reason }, { name: place.name }));
    },
  };
}
