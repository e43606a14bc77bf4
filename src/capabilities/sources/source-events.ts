import type { Actor, EventDraft } from '../../core/events.ts';
import type { Source } from './source.ts';

/** In the chain of the environment that a source goes to. Addresses stand in its row, which can be erased. */
interface Payloads {
  readonly 'source-connected': { readonly source: string; readonly branch: string; readonly newSecret: boolean };
  readonly 'source-disconnected': { readonly source: string };
  readonly 'push-received': { readonly source: string; readonly delivery: string; readonly commit: string };
  readonly 'push-deployed': { readonly source: string; readonly delivery: string; readonly release: string | null };
  readonly 'push-failed': {
    readonly source: string;
    readonly delivery: string;
    readonly commit: string;
    readonly code: string;
    readonly rollout: string | null;
  };
}

export function sourceEvent<Type extends keyof Payloads>(
  type: Type,
  actor: Actor,
  payload: Payloads[Type],
): EventDraft {
  const correlationId = 'delivery' in payload ? payload.delivery : null;
  return { type, version: 1, actor, reason: null, correlationId, payload };
}

/** Who deploys when a push does. */
export function actorOf({ app, name }: Pick<Source, 'app' | 'name'>): Actor {
  return { kind: 'system', id: `source:${app}/${name}` };
}
