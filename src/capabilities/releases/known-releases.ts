import { LotseError } from '../../core/errors.ts';
import type { AppName, ReleaseId, RevisionId, Scope } from '../../core/ids.ts';
import { nearestOf } from '../../manifest/nearest.ts';
import type { Release, Revision } from '../../rollout/release.ts';
import { releaseZero } from '../../rollout/release-zero.ts';
import { listScopes } from './environment-rows.ts';
import { servingRevision } from './environment-view.ts';
import { declaredEnvironments } from './release-manifest.ts';
import { findRelease, findRevision, listReleases } from './release-rows.ts';
import type { ReleasesContext } from './releases-context.ts';

/** What others may know of releases, through the composition root. */
export function knownReleases(context: () => ReleasesContext) {
  const db = () => context().database.db;
  return {
    /** The revision with the largest share of the users; null: nothing of ours. */
    async serving(scope: Scope): Promise<Revision | null> {
      const id = servingRevision(context().engine.view(scope));
      return id === null ? null : await findRevision(db(), scope.app, id);
    },
    revision: async (app: AppName, id: RevisionId): Promise<Revision | null> => await findRevision(db(), app, id),
    /** Errors: `not-found`. */
    release: async (app: AppName, id: ReleaseId): Promise<Release> => await findRelease(db(), app, id),
    /** Its flags as text; null: it has none, as what was adopted has none. Errors: `not-found`. */
    async flagsOf(app: AppName, id: ReleaseId): Promise<string | null> {
      return id === releaseZero.release ? null : ((await findRelease(db(), app, id)).flags ?? null);
    },
    /** Flags of those that run: first of what most users get, then of what comes, and of what it takes the place of. */
    async flags(scope: Scope): Promise<readonly { readonly release: ReleaseId; readonly text: string }[]> {
      const view = context().engine.view(scope);
      const serving = await this.serving(scope);
      const plan = view.rollout?.end === null ? view.rollout.plan : null;
      const before = plan?.before.kind === 'revision' ? plan.before.release : null;
      const after = view.environment.serving?.release ?? null;
      const names = [serving?.release ?? null, plan?.to.release ?? null, before, after].filter((name) => name !== null);
      const found = [...new Set(names)].map(async (id) => {
        const text = (await findRelease(db(), scope.app, id).catch(() => null))?.flags ?? null;
        return text === null ? [] : [{ release: id, text }];
      });
      return (await Promise.all(found)).flat();
    },
    /** Errors: `not-found` for an environment that neither is there nor is declared by the newest release. */
    async requireEnvironment(scope: Scope): Promise<void> {
      const there = (await listScopes(db(), scope.app)).map(({ environment }) => environment);
      const newest = there.includes(scope.environment) ? null : await this.newest(scope.app);
      refuseUnknown(scope, [...new Set([...there, ...(newest === null ? [] : declaredEnvironments(newest))])]);
    },
    newest: async (app: AppName): Promise<Release | null> => (await listReleases(db(), app, 1))[0] ?? null,
  };
}

function refuseUnknown({ app, environment }: Scope, known: readonly string[]): void {
  if (known.includes(environment)) return;
  const nearest = nearestOf(environment, known);
  const names = known.length === 0 ? 'It has had no release yet.' : `There are ${known.join(', ')}.`;
  throw new LotseError('not-found', `${app} has no environment ${JSON.stringify(environment)}`, {
    hint: nearest === null ? names : `Did you mean ${nearest}?`,
  });
}
