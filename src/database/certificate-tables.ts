import type { UnixMs } from '../core/ids.ts';
import type { JsonText } from './column-types.ts';

/** One certificate, and how getting the next one goes. */
export interface CertificatesTable {
  /** The first of its names. */
  readonly name: string;
  readonly app: string;
  readonly environment: string;
  readonly names: JsonText;
  readonly issuer: 'acme' | 'local' | 'files';
  readonly chain_pem: string | null;
  readonly key_pem: string | null;
  readonly renew_at: UnixMs | null;
  readonly served_since: UnixMs | null;
  readonly renewals: number;
  /** In a row. */
  readonly failures: number;
  readonly problem: string | null;
  readonly hint: string | null;
  readonly next_try_at: UnixMs | null;
}

/** Accounts at certificate authorities. */
export interface AcmeAccountsTable {
  readonly directory: string;
  readonly key_pem: string;
  /** Null: not registered yet. */
  readonly url: string | null;
}
