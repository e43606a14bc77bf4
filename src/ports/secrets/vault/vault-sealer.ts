import { LotseError } from '../../../core/errors.ts';
import type { Secret } from '../../../core/secret.ts';
import { open, seal, type VaultKey } from './envelope.ts';
import { readVaultKey } from './vault-key-file.ts';

/** Seals with the key of the vault what lies in the control plane's database beside its secrets. */
export class VaultSealer {
  readonly #keyFile: string;
  readonly #hasSealed: () => Promise<boolean>;
  #key: VaultKey | null = null;

  /** `hasSealed`: was anything sealed by the key of that file? Then it is not made anew. */
  constructor(keyFile: string, hasSealed: () => Promise<boolean>) {
    this.#keyFile = keyFile;
    this.#hasSealed = hasSealed;
  }

  /** Opens only with the same `about`. Errors: `sealed`. */
  async seal(value: Secret, about: string): Promise<string> {
    return seal(await this.#needKey(), value, about);
  }

  /** Errors: `sealed`. */
  async open(sealed: string, about: string): Promise<Secret> {
    return open(await this.#needKey(), sealed, about);
  }

  async #needKey(): Promise<VaultKey> {
    this.#key ??= await readVaultKey(this.#keyFile, this.#hasSealed);
    if (this.#key !== null) return this.#key;
    throw new LotseError('sealed', `the key of the vault is gone: ${this.#keyFile}`, {
      hint: 'Bring the file back from a copy, and start the control plane again.',
    });
  }
}
