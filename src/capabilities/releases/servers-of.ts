import type { RevisionId, Scope } from '../../core/ids.ts';
import type { LotseDb } from '../../database/schema.ts';
import { acceptedText } from './accepted-text.ts';
import { findEnvironmentRow } from './environment-rows.ts';
import { environmentOf } from './release-manifest.ts';
import { findRevision } from './release-rows.ts';

/**
 * The machines that revisions of an environment were frozen with; none: this one. Without revisions, those of the
 * definition that is in force.
 */
export function serversOf(db: LotseDb) {
  return async (scope: Scope, revisions: readonly RevisionId[]): Promise<readonly string[]> => {
    const found = await Promise.all(revisions.map((id) => findRevision(db, scope.app, id)));
    const names = found.flatMap((revision) => revision?.servers ?? []);
    return revisions.length === 0 ? await acceptedServers(db, scope) : [...new Set(names)];
  };
}

async function acceptedServers(db: LotseDb, scope: Scope): Promise<readonly string[]> {
  const row = await findEnvironmentRow(db, scope);
  return row === null ? [] : environmentOf(await acceptedText(db, row), scope.environment).servers;
}
