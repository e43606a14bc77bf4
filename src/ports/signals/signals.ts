import type { ArtifactDigest, ReleaseId, RevisionId, Scope } from '../../core/ids.ts';
import type { Secret } from '../../core/secret.ts';
import type { TargetName } from '../../manifest/app-manifest.ts';

/** A number that somebody else measures and that the judge goes by. */
export interface SignalQuery {
  readonly signal: string;
  readonly better: 'lower' | 'higher';
  readonly source: SignalSource;
  /**
   * Asked right after each reading: is something else than a release the likely cause of what was read? Then the reading is
   * held against no release, and neither is any before it. Left out: nothing else is known to change the number. Rejects never.
   */
  readonly hasOtherCause?: () => Promise<boolean>;
}

export type SignalSource =
  /** `query` is PromQL; `$release` in it stands for the release that is asked about. */
  | { readonly kind: 'prometheus'; readonly url: string; readonly query: string }
  /** A command of the new release; LOTSE_SIGNAL_RELEASE names the release that is asked about. */
  | { readonly kind: 'job'; readonly argv: readonly string[]; readonly root: string };

export interface MetricQuestion {
  readonly kind: 'prometheus';
  readonly url: string;
  readonly query: string;
}

/** One question with everything in it resolved. */
export type SignalQuestion = MetricQuestion | { readonly kind: 'job'; readonly job: SignalJob };

/** What a target needs to run it; at most once under its key. */
export interface SignalJob extends Scope {
  readonly key: string;
  readonly revision: RevisionId;
  readonly target: TargetName;
  readonly artifact: ArtifactDigest;
  readonly argv: readonly string[];
  readonly root: string;
  readonly variables: Readonly<Record<string, string | Secret>>;
  readonly storeFolders: readonly string[];
  readonly withinMs: number;
}

/** Where signals are read. A question may be asked again, and several at once; asking changes nothing. */
export interface Signals {
  /**
   * The number as it is now, always finite; null: the answer holds none (no series, NaN, nothing printed). It answers
   * within the driver's own time limit, and soon after the signal aborts. Errors: `unreachable` and `timeout` (both
   * retriable), `bad-input` (the question, or what answers, is not what it should be), `cancelled` by the signal.
   */
  read(question: SignalQuestion, signal: AbortSignal): Promise<number | null>;
}

/** Does the query name a release? Then each of the two is asked about. */
export function namesRelease(source: SignalSource): boolean {
  return source.kind === 'job' || source.query.includes(placeholder);
}

/** The query for one release. Release ids are DNS labels: nothing in them has to be escaped. */
export function queryFor(query: string, release: ReleaseId): string {
  return query.replaceAll(placeholder, release);
}

/**
 * The query for those who get one variant of a flag; null: for all of them. `$variant` stands in regular expressions, as the
 * manifest sees to, and names of variants that are asked about consist of letters, digits, `_` and `-`.
 */
export function queryForVariant(query: string, variant: string | null): string {
  return query.replaceAll(variantPlaceholder, variant ?? '.*');
}

/** A signal of an environment's strategy whose query tells variants of flags apart: flags can be guarded by it. */
export interface VariantSignal {
  readonly signal: string;
  readonly better: 'lower' | 'higher';
  /** Where it is asked, and the PromQL with `$variant` in it. */
  readonly url: string;
  readonly query: string;
  readonly limits: readonly number[];
  /** A variant is worse than another one beyond this factor. */
  readonly margin: number;
}

/** Can it be asked for those alone who get one variant of a flag? */
export function tellsVariantsApart(query: string): boolean {
  return query.includes(variantPlaceholder);
}

/** How far back a query looks, in milliseconds: the longest range that is named in it (PromQL's `[5m]`, `[1h30m:1m]`). */
export function lookBackMs(query: string): number {
  const ranges = [...query.matchAll(/\[\s*((?:\d+(?:ms|[smhdwy]))+)/g)].map(([, range = '']) => rangeMs(range));
  return Math.max(0, ...ranges);
}

function rangeMs(range: string): number {
  const parts = [...range.matchAll(/(\d+)(ms|[smhdwy])/g)];
  return parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (unitMs[unit] ?? 0), 0);
}

const placeholder = '$release';
const variantPlaceholder = '$variant';
const dayMs = 86_400_000;
const unitMs: Readonly<Record<string, number>> = {
  ...{ ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: dayMs, w: 7 * dayMs, y: 365 * dayMs },
};
