import { LotseError } from '../../../core/errors.ts';
import type { Actor } from '../../../core/events.ts';
import type { Scope } from '../../../core/ids.ts';
import type { Secret } from '../../../core/secret.ts';
import type { SealedBook, SealedSecret } from '../sealed-book.ts';
import type { HeldSecret, KnownSecret, SecretChange, SecretPlace, SecretStore, SecretStoreTraits } from '../secrets.ts';
import { open, seal, type VaultKey } from './envelope.ts';
import { readVaultKey } from './vault-key-file.ts';

/** The built-in vault: values are sealed by a key in a file, and lie in the control plane's database. */
export class Vault implements SecretStore {
  readonly traits: SecretStoreTraits = { title: 'the vault', isReadOnly: false, keepsBooks: true };
  readonly #book: SealedBook;
  readonly #keyFile: string;
  #key: VaultKey | null = null;

  constructor(book: SealedBook, keyFile: string) {
    this.#book = book;
    this.#keyFile = keyFile;
  }

  async read(place: SecretPlace, version?: string): Promise<HeldSecret | null> {
    const found = await this.#book.find(place, version === undefined ? null : Number(version));
    if (found === null) return null;
    const value = open(await this.#needKey(), found.sealed, aboutOf(place, found.version));
    return { version: String(found.version), value };
  }

  async list(scope: Scope): Promise<readonly KnownSecret[]> {
    return (await this.#book.list(scope)).map(known);
  }

  async write(place: SecretPlace, value: Secret, by: Actor, change: SecretChange): Promise<KnownSecret> {
    const key = await this.#needKey();
    return known(await this.#book.put(place, (version) => seal(key, value, aboutOf(place, version)), by, change));
  }

  async revoke(place: SecretPlace, version: string, by: Actor): Promise<void> {
    const present = await this.#book.find(place, null);
    if (present !== null && String(present.version) === version) {
      throw new LotseError('conflict', `version ${version} of ${place.name} is the one in force`);
    }
    await this.#book.drop(place, Number(version), by);
  }

  async remove(place: SecretPlace, by: Actor, reason: string | null): Promise<void> {
    if (await this.#book.remove(place, by, reason)) return;
    throw new LotseError('not-found', `${place.environment} has no secret ${place.name}`);
  }

  /** Read once: a file that is changed under a running control plane must not split the vault in two. */
  async #needKey(): Promise<VaultKey> {
    this.#key ??= await readVaultKey(this.#keyFile, async () => !(await this.#book.isEmpty()));
    if (this.#key !== null) return this.#key;
    throw new LotseError('sealed', `the key of the vault is gone: ${this.#keyFile}`, {
      hint: 'Bring the file back from a copy. Without it no value can be read; new values need a new key: docs/guides/secrets.md#the-key.',
    });
  }
}

function known({ name, version, setAt }: SealedSecret): KnownSecret {
  return { name, version: String(version), setAt };
}

/** A value opens only as this version of this secret of this environment. */
function aboutOf({ app, environment, name }: SecretPlace, version: number): string {
  return JSON.stringify([app, environment, name, version]);
}
