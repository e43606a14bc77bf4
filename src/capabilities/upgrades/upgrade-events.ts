import type { Actor, EventDraft } from '../../core/events.ts';

/** What the journal keeps about Lotse's own versions, in its own chain. */
export interface UpgradeEventPayloads {
  /** The control plane was replaced by one of another version, which was seen to be well. */
  readonly 'lotse-upgraded': { readonly from: string; readonly to: string };
  /** It was not well, or a person wanted the version before again. */
  readonly 'upgrade-returned': { readonly from: string; readonly to: string };
  /** From now on earlier versions cannot read the state. */
  readonly 'upgrade-settled': { readonly version: string; readonly migrations: readonly string[] };
}

export function upgradeEvent<Type extends keyof UpgradeEventPayloads>(
  type: Type,
  actor: Actor,
  payload: UpgradeEventPayloads[Type],
  reason: string | null = null,
): EventDraft {
  return { type, version: 1, actor, reason, correlationId: null, payload };
}
