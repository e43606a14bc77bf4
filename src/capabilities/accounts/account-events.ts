import type { Actor, EventDraft } from '../../core/events.ts';
import type { Role } from './accounts-api.ts';

/** What the journal keeps about accounts, in the chain `control`: ids only, names lie in tables that can be erased. */
interface AccountEventPayloads {
  readonly 'person-added': { readonly person: string; readonly roles: readonly Role[] };
  readonly 'person-erased': { readonly person: string };
  readonly 'token-created': {
    readonly token: string;
    readonly person: string | null;
    readonly roles: readonly Role[];
    readonly app: string | null;
    readonly environment: string | null;
    readonly expiresAt: number | null;
  };
  readonly 'token-revoked': { readonly token: string };
  readonly 'sign-in-link-created': { readonly person: string; readonly expiresAt: number };
  readonly 'person-signed-in': { readonly person: string; readonly session: string };
  readonly 'person-signed-out': { readonly person: string; readonly session: string };
}

export function accountEvent<Type extends keyof AccountEventPayloads>(
  type: Type,
  actor: Actor,
  payload: AccountEventPayloads[Type],
): EventDraft {
  return { type, version: 1, actor, reason: null, correlationId: null, payload };
}
