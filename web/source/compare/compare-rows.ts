import type { ConfigDiffView, SettingsVersionView } from '../../../src/capabilities/config/config-api.ts';
import type { FlagView } from '../../../src/capabilities/flags/flags-api.ts';
import type { JournalEventView, PlanView } from '../../../src/capabilities/releases/releases-api.ts';
import type { KnownSecretView } from '../../../src/capabilities/secrets/secrets-api.ts';

/** One thing that is not the same on both sides. Texts are shown as they are; null: there is none. */
export interface Difference {
  readonly what: string;
  readonly from: string | null;
  readonly to: string | null;
  /** Who made it so last, as far as it is known. */
  readonly changed: Change | null;
}

export interface Change {
  /** An id or a name. */
  readonly by: string | null;
  readonly at: number;
  readonly reason: string | null;
}

/** `histories`: of each environment that takes part, the latest version first. */
export function configDifferences(diff: ConfigDiffView, histories: readonly (readonly SettingsVersionView[])[]) {
  return diff.lines.map(({ variable, service, from, to }): Difference => {
    const made = histories
      .flat()
      .filter(({ changes }) => changes.some((change) => change.variable === variable && change.service === service));
    const last = made.toSorted((a, b) => b.at - a.at)[0];
    const changed = last === undefined ? null : { by: last.by, at: last.at, reason: last.reason };
    return { what: service === null ? variable : `${service} ${variable}`, from, to, changed };
  });
}

/** Which names are on one side alone. Values are never compared: nobody but instances gets them. */
export function secretDifferences(
  from: readonly KnownSecretView[],
  to: readonly KnownSecretView[],
  events: readonly JournalEventView[],
): readonly Difference[] {
  const names = [...new Set([...from, ...to].map(({ name }) => name))].sort();
  return names.flatMap((name) => {
    const [left, right] = [from, to].map((side) => side.find((each) => each.name === name) ?? null);
    if (left != null && right != null) return [];
    const known = left ?? right;
    const changed = known == null ? null : { by: setBy(name, events), at: known.setAt, reason: null };
    return [{ what: name, from: left?.version ?? null, to: right?.version ?? null, changed }];
  });
}

/** Those that were given another value since the revision that serves has begun to. */
export function newSecrets(
  secrets: readonly KnownSecretView[],
  since: number | null,
  events: readonly JournalEventView[],
): readonly Difference[] {
  const later = secrets.filter(({ setAt, oldVersion }) => oldVersion !== null || (since !== null && setAt > since));
  return later.map(({ name, version, oldVersion, setAt }) => ({
    ...{ what: name, from: oldVersion, to: version },
    changed: { by: setBy(name, events), at: setAt, reason: null },
  }));
}

function setBy(name: string, events: readonly JournalEventView[]): string | null {
  const made = events.filter(({ type, payload }) => type.startsWith('secret-') && nameIn(payload) === name);
  return made.toSorted((a, b) => b.at - a.at)[0]?.actor ?? null;
}

function nameIn(payload: unknown): unknown {
  return typeof payload === 'object' && payload !== null && 'name' in payload ? payload.name : null;
}

/** Flags that give users something else there; `say` puts one into words. */
export function flagDifferences(
  from: readonly FlagView[],
  to: readonly FlagView[],
  say: (flag: FlagView) => string,
): readonly Difference[] {
  const names = [...new Set([...from, ...to].map(({ flag }) => flag))].sort();
  return names.flatMap((name) => {
    const [left, right] = [from, to].map((side) => side.find(({ flag }) => flag === name) ?? null);
    const words = [left, right].map((flag) => (flag == null ? null : say(flag)));
    if (words[0] === words[1]) return [];
    const live = [left?.live ?? null, right?.live ?? null].filter((each) => each !== null);
    const last = live.toSorted((a, b) => b.changedAt - a.changedAt)[0];
    const changed = last === undefined ? null : { by: last.changedBy.id, at: last.changedAt, reason: null };
    return [{ what: name, from: words[0] ?? null, to: words[1] ?? null, changed }];
  });
}

/** What a release would change, by the part that it belongs to. */
export function planDifferences({ diff }: PlanView): ReadonlyMap<string, readonly Difference[]> {
  const lines = diff.map(({ part, what, from, to }) => ({ part, what, from, to, changed: null }));
  return Map.groupBy(lines, ({ part }) => part);
}
