import type { Readable } from 'node:stream';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LotseError } from '../../core/errors.ts';
import type { Actor } from '../../core/events.ts';
import type { AppName, RolloutId, Scope } from '../../core/ids.ts';
import type { Command } from '../../rollout/facts.ts';
import type { Builds, BuildProgress } from './builds.ts';
import { readSourceManifest } from './create-release.ts';
import { findEnvironmentRow, listScopes } from './environment-rows.ts';
import type { RolloutView } from './releases-api.ts';
import type { ReleasesContext } from './releases-context.ts';
import { readRollout } from './rollout-history.ts';
import { rolloutView } from './rollout-view.ts';
import { declaredEnvironments } from './release-manifest.ts';
import { listReleases } from './release-rows.ts';
import { keepSource } from './source-tar.ts';

/**
 * Keeps what came, checks its manifest, looks for secrets, and starts the build. Errors: `manifest-invalid`, `bad-input`,
 * `disk-full`, `timeout`.
 */
export async function acceptSource(
  context: ReleasesContext,
  builds: Builds,
  about: {
    readonly app: AppName;
    readonly commit: string;
    readonly dirty: boolean;
    readonly branch: string | null;
    readonly subject: string | null;
  },
  body: Readable,
  by: Actor,
): Promise<BuildProgress> {
  const tar = join(context.stateDir, 'sources', `${context.newId()}.tar`);
  const hash = await keepSource(body, tar);
  try {
    await readSourceManifest({ app: about.app, tar });
    const remarks = await context.checkSource({ ...about, tar, by });
    return builds.start({ ...about, tar, hash, by, remarks });
  } catch (thrown) {
    await rm(tar, { force: true });
    throw thrown;
  }
}

/** Environments that have had a release, and those that the latest release declares; in the order of promotion. */
export async function environmentsOf(context: ReleasesContext, app: AppName): Promise<readonly Scope[]> {
  const { db } = context.database;
  const [latest] = await listReleases(db, app, 1);
  const declared = latest === undefined ? [] : declaredEnvironments(latest);
  const known = (await listScopes(db, app)).map((scope) => scope.environment);
  return [...new Set([...declared, ...known])].map((environment) => ({ app, environment }));
}

/** Errors: `not-found` names the environments there are. */
export async function requireEnvironment(context: ReleasesContext, scope: Scope): Promise<void> {
  if ((await findEnvironmentRow(context.database.db, scope)) !== null) return;
  const known = (await listScopes(context.database.db, scope.app)).map((row) => row.environment);
  const hint =
    known.length === 0
      ? `Nothing of ${scope.app} has been deployed yet: \`lotse deploy\`.`
      : `There are ${known.join(', ')}.`;
  throw new LotseError('not-found', `${scope.app} has nothing in ${JSON.stringify(scope.environment)} yet`, { hint });
}

/** The environment whose rollout it is: ids carry it. */
export async function scopeOfRollout(context: ReleasesContext, app: AppName, id: RolloutId): Promise<Scope> {
  const scopes = await listScopes(context.database.db, app);
  const scope = scopes.find((each) => id.startsWith(`${each.environment}-rollout-`));
  if (scope === undefined) throw new LotseError('not-found', `${app} has no rollout ${JSON.stringify(id)}`);
  return { app, environment: scope.environment };
}

/** Errors: `not-found`. */
export async function viewRollout(context: ReleasesContext, app: AppName, id: RolloutId): Promise<RolloutView> {
  const scope = await scopeOfRollout(context, app, id);
  const story = await readRollout(context, scope, id);
  if (story === null) throw new LotseError('not-found', `${app} has no rollout ${JSON.stringify(id)}`);
  return rolloutView(story.state, story.events, await context.engine.judgedOf(scope, id));
}

/** Errors: `conflict` when it has ended or the command does not apply now. */
export async function commandRollout(
  context: ReleasesContext,
  app: AppName,
  id: RolloutId,
  command: Command,
): Promise<void> {
  const scope = await scopeOfRollout(context, app, id);
  const { rollout } = context.engine.view(scope);
  if (rollout?.plan.rollout !== id || rollout.end !== null) throw new LotseError('conflict', `${id} has ended`);
  await context.engine.command(scope, command);
}

/** Stops everything of an environment; its data stays. Errors: `conflict` while a rollout is under way. */
export async function takeDown(
  context: ReleasesContext,
  scope: Scope,
  by: Actor,
  reason: string | null,
): Promise<void> {
  await requireEnvironment(context, scope);
  await context.engine.settle(scope, by);
  await context.engine.takeDown(scope, by, reason);
}
