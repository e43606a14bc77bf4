import { join } from 'node:path';
import { addressesOf } from './capabilities/releases/environment-view.ts';
import type { Builds } from './capabilities/releases/builds.ts';
import { deployAlong } from './capabilities/releases/deploy-along.ts';
import { findRelease } from './capabilities/releases/release-rows.ts';
import type { ReleasesContext } from './capabilities/releases/releases-context.ts';
import { readRollout } from './capabilities/releases/rollout-history.ts';
import { openSources, type Sources } from './capabilities/sources/open-sources.ts';
import type { Scope } from './core/ids.ts';
import type { Secret } from './core/secret.ts';
import { hasSealedValues } from './database/has-sealed-values.ts';
import { forges } from './ports/forges/forge-drivers.ts';
import { gitRepositories } from './ports/repositories/git/git-repositories.ts';
import { VaultSealer } from './ports/secrets/vault/vault-sealer.ts';

interface PushParts {
  readonly context: ReleasesContext;
  readonly builds: Builds;
  readonly find: (scope: Scope, name: string) => Promise<Secret | null>;
  readonly log: (about: object) => void;
  /** Authorities (PEM) of the team's own, which repositories may lead to. */
  readonly roots: readonly string[];
}

/** The part of the composition root for what repositories send and are told. */
export function openPushes({ context, builds, find, log, roots }: PushParts): Sources {
  const { database, journal, lock, now, newId, stateDir } = context;
  const vaultKey = join(stateDir, 'control', 'vault.key');
  return openSources({
    ...{ database, journal, fence: () => lock.fence, now, newId, log, secret: find, forges },
    sealer: new VaultSealer(vaultKey, () => hasSealedValues(database.db)),
    repositories: gitRepositories({ folder: join(stateDir, 'repositories'), roots }),
    folder: join(stateDir, 'repositories', 'packed'),
    deploy: (commit, tell, signal) => deployAlong({ context, builds }, commit, tell, signal),
    async commitOf(app, id) {
      const release = await findRelease(database.db, app, id).catch(() => null);
      const isKnown = release !== null && !release.source.dirty && !/^0+$/.test(release.source.commit);
      return isKnown ? release.source.commit : null;
    },
    planOf: async (scope, rollout) => (await readRollout(context, scope, rollout))?.state.plan ?? null,
    urlOf: async (scope) => (await addressesOf(context, scope))[0] ?? null,
  });
}
