import { systemActor, type EventDraft } from '../../core/events.ts';

/** In the chain of its environment. Who was to get it stands in the outbox, which can be erased. */
export function givenUpEvent(payload: { readonly message: string; readonly attempts: number }): EventDraft {
  const type = 'notification-given-up';
  return { type, version: 1, actor: systemActor, reason: null, correlationId: payload.message, payload };
}
