import { toLotseError } from '../../core/errors.ts';
import type { AppName, ArtifactDigest } from '../../core/ids.ts';
import { releaseZero } from '../../rollout/release-zero.ts';
import { listScopes } from './environment-rows.ts';
import { findRelease, listReleases } from './release-rows.ts';
import type { ReleasesContext } from './releases-context.ts';

/** Artifacts of the latest releases are kept whether or not they ever served. */
const latestKept = 5;

/**
 * Retention, stated: kept are the artifacts of the latest releases, and in every environment those of what serves, of
 * the one before it, and of both ends of a rollout that has not ended. Nothing that a rollback may need goes.
 */
export async function artifactsToKeep(context: ReleasesContext, app: AppName): Promise<ReadonlySet<ArtifactDigest>> {
  const { db } = context.database;
  const latest = await listReleases(db, app, latestKept);
  const named = new Set<string>();
  for (const scope of await listScopes(db, app)) {
    const { environment, rollout } = context.engine.view(scope);
    if (environment.serving !== null) named.add(environment.serving.release);
    if (environment.previous !== null) named.add(environment.previous.release);
    if (rollout === null) continue;
    named.add(rollout.plan.to.release);
    if (rollout.plan.before.kind === 'revision') named.add(rollout.plan.before.release);
  }
  named.delete(releaseZero.release); // Lotse has nothing of it.
  const needed = await Promise.all([...named].map((release) => findRelease(db, app, release)));
  return new Set([...latest, ...needed].map((release) => release.artifact));
}

/**
 * Removes what the rule above does not keep. A builder that cannot do it now (its engine is away, a disk is full) keeps
 * everything until the next rollout settles: nothing else waits for it.
 */
export async function collectArtifacts(context: ReleasesContext, app: AppName): Promise<readonly ArtifactDigest[]> {
  const keep = [...(await artifactsToKeep(context, app))];
  const collecting = context.builders.opened.map((builder) => builder.collect(app, keep).catch(noneIfItMayPass));
  return (await Promise.all(collecting)).flat();
}

function noneIfItMayPass(thrown: unknown): readonly ArtifactDigest[] {
  if (toLotseError(thrown).retriable) return [];
  throw thrown;
}
