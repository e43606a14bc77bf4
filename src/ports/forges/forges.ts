import type { EnvironmentName } from '../../core/ids.ts';
import type { Secret } from '../../core/secret.ts';

export type ForgeKind = 'github' | 'gitlab' | 'gitea';

/** A repository where people work on it. */
export interface ForgeRepository {
  readonly kind: ForgeKind;
  /** Where its interface begins, without a slash at its end: `https://api.github.com`. */
  readonly api: string;
  /** `owner/name`; at GitLab also `group/part/name`. */
  readonly path: string;
  readonly token: Secret;
}

/** How a commit fares in an environment. */
export type Standing = 'waiting' | 'running' | 'live' | 'failed' | 'returned' | 'stranded' | 'superseded';

/** What is said about a commit, as a level: the same may be said again, and what was left out is not missed. */
export interface CommitReport {
  /** Full id. */
  readonly commit: string;
  readonly environment: EnvironmentName;
  /** Unlike all others of the repository; what is reported for it again changes what was reported before. */
  readonly subject: string;
  readonly standing: Standing;
  /** One line. */
  readonly note: string;
  /** Where the app answers in that environment; null: not known. */
  readonly url: string | null;
  /** How the forge has named this deployment when it was told of it first; null: it was not told yet. */
  readonly deployment: string | null;
  /** False: the push never became a rollout, so there is no deployment to speak of. */
  readonly isRollout: boolean;
}

/** `deployment` is null where the forge knows no deployments. `later`: it asks for patience, so many milliseconds. */
export type Reported =
  { readonly kind: 'told'; readonly deployment: string | null } | { readonly kind: 'later'; readonly afterMs: number };

/**
 * Shows people beside their commits how these fare. Errors, none of which holds a token: `unreachable` and `timeout`
 * (retriable); `forbidden` (the token may not do that: a person has to look); `conflict` (this will never be taken, as a
 * commit that is not there). Rejects soon after the signal aborts.
 */
export interface Forges {
  report(repository: ForgeRepository, report: CommitReport, signal: AbortSignal): Promise<Reported>;
}

/** Under what name a status stands beside a commit. */
export function contextOf({ environment }: Pick<CommitReport, 'environment'>): string {
  return `lotse/${environment}`;
}
