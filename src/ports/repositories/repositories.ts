import type { Secret } from '../../core/secret.ts';

/** A git repository somewhere else. */
export interface Repository {
  /** `https://…`, `http://…`, `ssh://…` or `git@host:path`. */
  readonly address: string;
  /** What opens it; null: anybody may read it. */
  readonly login: { readonly kind: 'token' | 'key'; readonly value: Secret } | null;
}

export interface FetchedCommit {
  /** Full id. */
  readonly commit: string;
  /** First line of its message. */
  readonly subject: string;
}

/** What is packed: one folder of a commit that was fetched. */
export interface WantedTar {
  readonly commit: string;
  /** Without slashes at its ends; empty: all of it. */
  readonly folder: string;
  /** Where the tar goes: absolute, and its folder is there. */
  readonly file: string;
}

/**
 * Gets commits from repositories. All of it may be called again; calls for one repository wait for each other. Errors:
 * `unreachable` and `timeout` (retriable), `forbidden` (its login does not open it), `not-found` (no such repository, branch
 * or folder), `bad-input` (it is larger than it may be), `disk-full`. Rejects soon after the signal aborts.
 */
export interface Repositories {
  /** Where the branch stands now. What it takes to pack that commit is on this machine when it resolves. */
  fetch(repository: Repository, branch: string, signal: AbortSignal): Promise<FetchedCommit>;
  /** The same commit and folder give the same bytes. */
  pack(repository: Repository, wanted: WantedTar, signal: AbortSignal): Promise<void>;
}
