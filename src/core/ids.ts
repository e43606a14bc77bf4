/** Names and ids as they appear in tables, routes, labels and paths. All are plain strings; the aliases say which is meant. */

/** DNS label from `app:` in lotse.yaml. */
export type AppName = string;
/** `staging`, `production`, `dev`, … */
export type EnvironmentName = string;
export type ServiceName = string;
/** `r<number>-<short commit>`, with `-dirty` for a working tree: one lower-case DNS label, unique in its app. */
export type ReleaseId = string;
/** `<environment>-<number>`: a release bound to one environment; unique in its app. */
export type RevisionId = string;
/** `<environment>-rollout-<number>`, unique in its app. */
export type RolloutId = string;
/** `sha256:<64 hex digits>` over content, modes and links. */
export type ArtifactDigest = string;
/** Milliseconds since 1970-01-01T00:00:00Z. */
export type UnixMs = number;

/** Where something belongs: every id, table, route, label, lock and path is under app and environment. */
export interface Scope {
  readonly app: AppName;
  readonly environment: EnvironmentName;
}

/** The journal chain of an environment, or the one of the control plane itself. */
export type ChainName = 'control' | `${AppName}/${EnvironmentName}`;

export function chainOf(scope: Scope): ChainName {
  return `${scope.app}/${scope.environment}`;
}

/** Where a chain belongs; null: the control plane's own. */
export function scopeOf(chain: string): Scope | null {
  const [app, environment] = chain.split('/');
  return app === undefined || environment === undefined ? null : { app, environment };
}

export function releaseId(number: number, commit: string, dirty: boolean): ReleaseId {
  return `r${number}-${commit.slice(0, 7)}${dirty ? '-dirty' : ''}`;
}

export function revisionId(environment: EnvironmentName, number: number): RevisionId {
  return `${environment}-${number}`;
}

export function rolloutId(environment: EnvironmentName, number: number): RolloutId {
  return `${environment}-rollout-${number}`;
}
