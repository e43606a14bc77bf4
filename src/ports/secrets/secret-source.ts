import type { Credential } from './ask-store.ts';

/** Which store holds the values of secrets, and by what Lotse is let in. */
export type SecretSource =
  { readonly kind: 'built-in' } | EnvironmentSource | HashicorpSource | AzureSource | GoogleSource;

/** Variables of the control plane's own process. */
export interface EnvironmentSource {
  readonly kind: 'environment';
  /** `LOTSE_SECRET_`: what the names of all of them begin with. */
  readonly prefix: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** HashiCorp Vault (or OpenBao), secrets engine KV version 2. */
export interface HashicorpSource {
  readonly kind: 'hashicorp';
  /** Scheme, host and port. */
  readonly origin: string;
  /** Where the secrets engine is mounted: `secret`. */
  readonly mount: string;
  /** Folders below it, each with `/` at its end; may be empty. */
  readonly folder: string;
  readonly namespace: string | null;
  readonly login:
    | { readonly kind: 'token'; readonly token: Credential }
    | {
        readonly kind: 'app-role';
        readonly mount: string;
        readonly roleId: Credential;
        readonly secretId: Credential;
      };
}

export interface AzureSource {
  readonly kind: 'azure';
  /** `https://shop.vault.azure.net`. */
  readonly origin: string;
  readonly login:
    | {
        readonly kind: 'client';
        /** `https://login.microsoftonline.com`. */
        readonly authority: string;
        readonly tenant: string;
        readonly client: string;
        readonly password: Credential;
      }
    /** Of the machine, at its metadata address. `client`: which of several. */
    | { readonly kind: 'managed'; readonly origin: string; readonly client: string | null };
}

export interface GoogleSource {
  readonly kind: 'google';
  readonly origin: string;
  /** `projects/shop`, or `projects/shop/locations/europe-west3`. */
  readonly parent: string;
  readonly login:
    /** The text of a service account's JSON key. */
    | { readonly kind: 'account'; readonly key: Credential }
    /** Of the machine, at its metadata address. */
    | { readonly kind: 'metadata'; readonly origin: string };
}
