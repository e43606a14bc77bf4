import type { JournalEventView } from '../../../src/capabilities/releases/releases-api.ts';

export const eventKinds = ['all', 'people', 'rollouts', 'evidence', 'settings', 'jobs'] as const;
export type EventKind = (typeof eventKinds)[number];

const typesOf = {
  rollouts: /^(?:rollout|step|gates|revision|environment|upstream|release)-/,
  evidence: /^(?:evidence|gate|finding|definition)-/,
  settings: /^(?:config|secret|secrets|build-secrets|flag)-/,
  jobs: /^(?:job|schedule|scheduled)-|^notification-/,
} as const;

/** Of one kind, and with all of the words somewhere in it: type, actor, reason, payload. */
export function filterEvents(
  events: readonly JournalEventView[],
  kind: EventKind,
  search: string,
  nameOf: (id: string) => string,
): readonly JournalEventView[] {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return events.filter((event) => {
    if (!isOfKind(event, kind)) return false;
    if (words.length === 0) return true;
    const text = `${event.type} ${event.chain} ${nameOf(event.actor)} ${event.reason ?? ''} ${JSON.stringify(event.payload)}`;
    const inLower = text.toLowerCase();
    return words.every((word) => inLower.includes(word));
  });
}

function isOfKind({ type, actor }: JournalEventView, kind: EventKind): boolean {
  if (kind === 'all') return true;
  return kind === 'people' ? actor !== 'lotse' : typesOf[kind].test(type);
}
