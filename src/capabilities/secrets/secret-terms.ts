import type { UnixMs } from '../../core/ids.ts';

const dayMs = 86_400_000;
/** So many days before its end people are reminded of a value, and when it has ended; from the first on it is spoken of. */
const notices = [14, 7, 1, 0] as const;
const noticeMs = notices[0] * dayMs;

/** Which of the notices is due: that of so many days before the end. Null: none yet. */
export function noticeDue(expiresAt: UnixMs, nowMs: UnixMs): number | null {
  return notices.findLast((days) => expiresAt - nowMs <= days * dayMs) ?? null;
}

/** A sentence for each value that has ended elsewhere or soon will; none for the others. */
export function expiryWarning(
  terms: ReadonlyMap<string, UnixMs>,
  names: readonly string[],
  nowMs: UnixMs,
): readonly string[] {
  return names.flatMap((name) => {
    const at = terms.get(name);
    if (at === undefined || at - nowMs > noticeMs) return [];
    const day = new Date(at).toISOString().slice(0, 10);
    return [at <= nowMs ? `${name} ended on ${day}: rotate it.` : `${name} ends on ${day}: rotate it before.`];
  });
}
