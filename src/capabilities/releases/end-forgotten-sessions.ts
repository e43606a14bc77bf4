import { systemActor } from '../../core/events.ts';
import { chainOf, type Scope } from '../../core/ids.ts';
import type { ReleasesContext } from './releases-context.ts';
import { sessionKinds, type SessionKind } from './session-talk.ts';

/**
 * The journal says of each program that somebody sat at how it ended: of those that ended together with a control plane, that
 * nobody knows it. Called before the first one is opened.
 */
export async function endForgottenSessions(context: ReleasesContext, scopes: readonly Scope[]): Promise<void> {
  const { journal, lock } = context;
  for (const scope of scopes) {
    for (const kind of Object.values(sessionKinds)) {
      for (const key of await openKeys(context, scope, kind)) {
        const payload = { key, exitCode: null };
        const draft = {
          type: kind.hasEnded,
          version: 1,
          actor: systemActor,
          reason: null,
          correlationId: key,
          payload,
        };
        await journal.append(chainOf(scope), lock.fence, [draft]);
      }
    }
  }
}

/** Keys begin with their place, and the journal can be asked by them. */
async function openKeys({ database }: ReleasesContext, scope: Scope, kind: SessionKind): Promise<readonly string[]> {
  const prefix = `${chainOf(scope)}/${kind.word}/`;
  const rows = await database.db
    .selectFrom('journal')
    .select(['correlation_id', 'type'])
    .where('correlation_id', '>=', prefix)
    .where('correlation_id', '<', `${prefix}~`)
    .where('type', 'in', [kind.begins, kind.hasEnded])
    .execute();
  const ended = new Set(rows.filter(({ type }) => type === kind.hasEnded).map((row) => row.correlation_id));
  const begun = rows.filter(({ type }) => type === kind.begins).flatMap((row) => row.correlation_id ?? []);
  return begun.filter((key) => !ended.has(key));
}
