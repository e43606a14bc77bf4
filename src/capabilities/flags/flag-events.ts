import type { Actor, EventDraft } from '../../core/events.ts';
import type { LiveState } from '../../flags/live-state.ts';

/** What the journal keeps about flags, in the chain of their environment. Of keys never the secret. */
interface FlagEventPayloads {
  readonly 'flag-changed': { readonly flag: string; readonly version: number; readonly state: LiveState };
  readonly 'flag-key-created': { readonly key: string };
  readonly 'flag-key-revoked': { readonly key: string };
}

export function flagEvent<Type extends keyof FlagEventPayloads>(
  type: Type,
  by: { readonly actor: Actor; readonly reason: string | null },
  payload: FlagEventPayloads[Type],
): EventDraft {
  return { type, version: 1, ...by, correlationId: null, payload };
}
