import type { UnixMs } from '../core/ids.ts';
import type { ActorKind, JsonText } from './column-types.ts';

/** Names and addresses of people lie here only, so that they can be erased; everything else knows the id. */
export interface PeopleTable {
  readonly person: string;
  readonly name: string | null;
  readonly mail: string | null;
  readonly roles: JsonText;
  readonly created_at: UnixMs;
  readonly erased_at: UnixMs | null;
  /** Since when the person can do nothing; null: they can. */
  readonly disabled_at: UnixMs | null;
}

export interface TokensTable {
  readonly token: string;
  /** SHA-256 in hex of the secret, which is stored nowhere. */
  readonly secret_hash: string;
  readonly name: string;
  /** Null: the token speaks for a system. */
  readonly person: string | null;
  readonly roles: JsonText;
  /** Null: all apps. */
  readonly app: string | null;
  /** Names with commas between them; null: all environments. */
  readonly environment: string | null;
  readonly created_at: UnixMs;
  readonly created_by_kind: ActorKind;
  readonly created_by_id: string;
  readonly expires_at: UnixMs | null;
  readonly last_used_at: UnixMs | null;
  readonly revoked_at: UnixMs | null;
}

export interface SessionsTable {
  readonly session: string;
  readonly secret_hash: string;
  readonly person: string;
  readonly created_at: UnixMs;
  readonly last_seen_at: UnixMs;
  readonly expires_at: UnixMs;
  readonly ended_at: UnixMs | null;
  readonly begun_by: 'link' | 'passkey' | 'password';
  /** What the browser calls itself; gone with the row. */
  readonly agent: string;
}

export interface PasswordsTable {
  readonly person: string;
  /** Argon2id in the PHC string format. */
  readonly hash: string;
  readonly changed_at: UnixMs;
}

export interface PasskeysTable {
  /** The credential's id (base64url), as the authenticator chose it. */
  readonly passkey: string;
  readonly person: string;
  readonly name: string;
  /** COSE key, base64url. */
  readonly public_key: string;
  /** The authenticator's signature counter; 0 where it does not count. */
  readonly uses: number;
  readonly created_at: UnixMs;
  readonly last_used_at: UnixMs | null;
}

/** Which identity tokens of a CI become a token of Lotse. */
export interface OidcRulesTable {
  readonly rule: string;
  readonly issuer: string;
  readonly audience: string;
  /** Claim to pattern. */
  readonly claims: JsonText;
  readonly roles: JsonText;
  readonly app: string;
  readonly environments: JsonText;
  /** How long a token that is handed out counts, in milliseconds. */
  readonly valid_ms: number;
  readonly created_at: UnixMs;
  readonly last_used_at: UnixMs | null;
}

export interface SignInLinksTable {
  readonly secret_hash: string;
  readonly person: string;
  readonly created_at: UnixMs;
  readonly expires_at: UnixMs;
  readonly used_at: UnixMs | null;
}
