import type { UnixMs } from '../../core/ids.ts';
import { AzureStore } from './azure/azure-store.ts';
import { environmentStore } from './environment/environment-store.ts';
import { GoogleStore } from './google/google-store.ts';
import { HashicorpStore } from './hashicorp/hashicorp-store.ts';
import { askByHttp } from './rest/ask-by-http.ts';
import type { SealedBook } from './sealed-book.ts';
import type { SecretSource } from './secret-source.ts';
import type { SecretStore } from './secrets.ts';
import { Vault } from './vault/vault.ts';

export interface SecretDriverOptions {
  readonly source: SecretSource;
  /** Of Lotse's own vault. */
  readonly book: SealedBook;
  readonly keyFile: string;
  /** Roots (PEM) that the TLS of a store elsewhere may lead to, beside the system's. */
  readonly extraRoots: readonly string[];
  readonly now: () => UnixMs;
}

/** The one store of this control plane. Stores elsewhere are asked when a value is, not before. */
export function secretStore({ source, book, keyFile, extraRoots, now }: SecretDriverOptions): SecretStore {
  const ask = askByHttp({ extraRoots });
  switch (source.kind) {
    case 'built-in':
      return new Vault(book, keyFile);
    case 'environment':
      return environmentStore(source, now());
    case 'hashicorp':
      return new HashicorpStore(source, ask, now);
    case 'azure':
      return new AzureStore(source, ask, now);
    case 'google':
      return new GoogleStore(source, ask, now);
  }
}
