import type { Actor, EventDraft } from '../../core/events.ts';
import type { Role } from './accounts-api.ts';
import type { SignInWay } from './sign-in-api.ts';

/** What the journal keeps about accounts, in the chain `control`: ids only, names lie in tables that can be erased. */
interface AccountEventPayloads {
  readonly 'person-added': { readonly person: string; readonly roles: readonly Role[] };
  readonly 'person-changed': {
    readonly person: string;
    /** What was given; names and addresses are not said. */
    readonly changed: readonly string[];
    readonly roles: readonly Role[];
    readonly isDisabled: boolean;
  };
  readonly 'person-erased': { readonly person: string };
  readonly 'token-created': {
    readonly token: string;
    readonly person: string | null;
    readonly roles: readonly Role[];
    readonly app: string | null;
    readonly environments: readonly string[] | null;
    readonly expiresAt: number | null;
  };
  readonly 'token-revoked': { readonly token: string };
  readonly 'sign-in-link-created': { readonly person: string; readonly expiresAt: number };
  readonly 'person-signed-in': { readonly person: string; readonly session: string; readonly way: SignInWay };
  readonly 'person-signed-out': { readonly person: string; readonly session: string };
  /** By the person themselves, or because they were disabled. */
  readonly 'sessions-ended': { readonly person: string; readonly sessions: readonly string[] };
  readonly 'password-set': { readonly person: string };
  readonly 'password-removed': { readonly person: string };
  readonly 'passkey-added': { readonly person: string; readonly passkey: string };
  readonly 'passkey-removed': { readonly person: string; readonly passkey: string };
  readonly 'oidc-allowed': {
    readonly rule: string;
    readonly issuer: string;
    readonly audience: string;
    readonly claims: Readonly<Record<string, string>>;
    readonly roles: readonly Role[];
    readonly app: string;
    readonly environments: readonly string[];
  };
  readonly 'oidc-removed': { readonly rule: string };
  /** An identity token of a CI became a token of Lotse; `run` is its claim `run_id` or `job_id`. */
  readonly 'oidc-exchanged': {
    readonly rule: string;
    readonly token: string;
    readonly run: string | null;
    readonly expiresAt: number;
  };
}

/** Payloads that are not what they were at first: how they are read is in the database's upcasters. */
const versions: { readonly [Type in keyof AccountEventPayloads]?: number } = {
  'token-created': 2,
  'person-signed-in': 2,
};

export function accountEvent<Type extends keyof AccountEventPayloads>(
  type: Type,
  actor: Actor,
  payload: AccountEventPayloads[Type],
  reason: string | null = null,
): EventDraft {
  return { type, version: versions[type] ?? 1, actor, reason, correlationId: null, payload };
}
