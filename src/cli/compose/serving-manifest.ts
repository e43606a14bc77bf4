import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LotseError } from '../../core/errors.ts';
import type { AppManifest } from '../../manifest/app-manifest.ts';
import type { ConfigOverride } from '../../manifest/environment-config.ts';
import { parseManifest } from '../../manifest/parse-manifest.ts';
import { manifestFile, readAppFolder } from '../app-folder.ts';
import { connect, type AppOptions } from '../command-options.ts';
import type { Context } from '../context.ts';
import { ControlPlane } from '../control-plane.ts';
import { readGitState } from '../git.ts';
import { runProgram } from '../run-program.ts';

export interface ServingManifest {
  readonly folder: string;
  readonly manifest: AppManifest;
  /** The release that it belongs to; null: the working tree's. */
  readonly release: string | null;
  /** What people have set for the environment, beside the file. */
  readonly set: readonly ConfigOverride[];
  /** Why it is not what serves, for the person; null when nothing has to be said. */
  readonly remark: string | null;
}

/**
 * The manifest of the release that serves an environment, read at its commit; without a control plane, or where git does
 * not know that commit, the working tree's. Throws `not-found` where there is no lotse.yaml here or above.
 */
export async function findServingManifest(
  context: Context,
  environment: string,
  options: AppOptions,
): Promise<ServingManifest> {
  const { folder, manifest } = readAppFolder(context.cwd, context.cwd);
  const found = await servingRelease(context, options.app ?? manifest.app, environment, options);
  const set = found?.set ?? [];
  const ofTree = (remark: string | null): ServingManifest => ({ folder, manifest, release: null, set, remark });
  if (found === null) return ofTree(null);
  const { release } = found;
  if (release === null) return ofTree(`Nothing serves ${environment} yet, so this is the working tree.`);
  const text = await manifestAt(folder, release.commit);
  const unlike = release.dirty ? ', which was made from uncommitted changes' : '';
  if (text === null) {
    return ofTree(`git does not know the commit of ${release.id}${unlike}; this is lotse.yaml as it lies here.`);
  }
  const hasDockerfile = existsSync(join(folder, 'Dockerfile'));
  const served = parseManifest(text, { file: `${manifestFile} of ${release.id}`, hasDockerfile });
  const remark = release.dirty
    ? `${release.id} was made from uncommitted changes; this is its commit without them.`
    : null;
  return { folder, manifest: served, release: release.id, set, remark };
}

interface Release {
  readonly id: string;
  readonly commit: string;
  readonly dirty: boolean;
}

interface Serving {
  /** Null: nothing serves. */
  readonly release: Release | null;
  readonly set: readonly ConfigOverride[];
}

/** Null without a control plane that knows the app. */
async function servingRelease(
  context: Context,
  app: string,
  environment: string,
  options: AppOptions,
): Promise<Serving | null> {
  try {
    const plane = new ControlPlane(connect(context, options), app);
    const { release } = await plane.environment(environment);
    const { values } = await plane.config(environment);
    const set = values.flatMap(({ variable, service, value, source }) =>
      source.kind === 'set' && value !== null ? [{ variable, service, value }] : [],
    );
    return { release: (await plane.releases()).find(({ id }) => id === release) ?? null, set };
  } catch (thrown) {
    const isAway = thrown instanceof LotseError && (thrown.code === 'unreachable' || thrown.code === 'not-found');
    if (isAway) return null;
    throw thrown;
  }
}

async function manifestAt(folder: string, commit: string): Promise<string | null> {
  const git = await readGitState(folder).catch(() => null);
  if (git === null || !/^[0-9a-f]{7,64}$/.test(commit)) return null;
  const shown = await runProgram(['git', '-C', folder, 'show', `${commit}:${git.prefix}${manifestFile}`], {
    cwd: folder,
  });
  return shown.exitCode === 0 ? shown.stdout : null;
}
