import type { Actor, EventDraft } from '../../core/events.ts';
import type { SettingChange } from './settings.ts';

/** What the journal keeps of a change: names and the version, in the chain of the environment. Values are in the version. */
export function configEvent(
  actor: Actor,
  reason: string | null,
  version: number,
  changes: readonly SettingChange[],
): EventDraft {
  const named = (isWanted: (change: SettingChange) => boolean) =>
    changes.filter(isWanted).map(({ variable, service }) => ({ variable, service }));
  const payload = { version, set: named(({ to }) => to !== null), unset: named(({ to }) => to === null) };
  return { type: 'config-changed', version: 1, actor, reason, correlationId: null, payload };
}
