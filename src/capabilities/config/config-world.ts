import type { AppName, ReleaseId, RevisionId, Scope } from '../../core/ids.ts';
import type { AppManifest } from '../../manifest/app-manifest.ts';
import { parseManifest } from '../../manifest/parse-manifest.ts';
import type { Release, Revision } from '../../rollout/release.ts';
import type { SettingsParts } from './settings-rows.ts';

/** What config has to know of releases. */
export interface KnownReleases {
  /** What serves; null: nothing of ours. */
  serving(scope: Scope): Promise<Revision | null>;
  revision(app: AppName, id: RevisionId): Promise<Revision | null>;
  /** Errors: `not-found`. */
  release(app: AppName, id: ReleaseId): Promise<Release>;
  newest(app: AppName): Promise<Release | null>;
}

export interface ConfigWorld extends SettingsParts {
  readonly releases: KnownReleases;
}

export function manifestOf(release: Release): AppManifest {
  return parseManifest(release.manifestText, { file: 'lotse.yaml', hasDockerfile: release.hasDockerfile });
}

/** What serves in an environment, and the release whose declarations count there; before the first one, the newest. */
export async function subjectOf({ releases }: ConfigWorld, scope: Scope) {
  const serving = await releases.serving(scope);
  const release =
    serving === null ? await releases.newest(scope.app) : await releases.release(scope.app, serving.release);
  return { serving, release };
}
