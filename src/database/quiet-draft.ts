import type { EventDraft } from '../core/events.ts';

/** Members of payloads that hold words of programs and people. Ids and names are never touched. */
const wordy: ReadonlySet<string> = new Set([
  ...['message', 'logTail', 'note', 'notes', 'reason', 'problem', 'hint', 'details', 'summary', 'why', 'words', 'text'],
]);

/** The event with its words as `hide` leaves them. */
export function quietDraft(draft: EventDraft, hide: (text: string) => string): EventDraft {
  const reason = draft.reason === null ? null : hide(draft.reason);
  return { ...draft, reason, payload: quietWords(draft.payload, false, hide) };
}

function quietWords(value: unknown, isWordy: boolean, hide: (text: string) => string): unknown {
  if (typeof value === 'string') return isWordy ? hide(value) : value;
  if (Array.isArray(value)) return value.map((each) => quietWords(each, isWordy, hide));
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value;
  const members = Object.entries(value).map(([name, member]) => [name, quietWords(member, wordy.has(name), hide)]);
  return Object.fromEntries(members);
}
