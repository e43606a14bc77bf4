import { sql } from 'kysely';
import { toLotseError } from '../../core/errors.ts';
import { chainOf, type Scope } from '../../core/ids.ts';
import { requireEnvironment } from './release-operations.ts';
import type { JobByHandView } from './releases-api.ts';
import type { ReleasesContext } from './releases-context.ts';

/** So many are listed. */
const listed = 30;

interface Started {
  readonly key: string;
  readonly by: string;
  readonly at: number;
  readonly reason: string | null;
}

/** Jobs, commands and verifications that people or tokens have started here, the newest first. Errors: `not-found`. */
export async function jobsByHand(context: ReleasesContext, scope: Scope): Promise<JobByHandView[]> {
  await requireEnvironment(context, scope);
  const started = await startedIn(context, scope);
  return await Promise.all(started.map((each) => view(context, scope, each)));
}

/** The journal says who has started what; the type is written out, so that SQLite takes the index of it. */
async function startedIn({ database }: ReleasesContext, scope: Scope): Promise<readonly Started[]> {
  const rows = await database.db
    .selectFrom('journal')
    .select(['actor_id as by', 'at', 'correlation_id as key', 'body'])
    .where('chain', '=', chainOf(scope))
    .where(sql<boolean>`type = 'job-started'`)
    .orderBy('sequence', 'desc')
    .limit(listed)
    .execute();
  return rows.flatMap(({ key, by, at, body }) => (key === null ? [] : [{ key, by, at, reason: reasonIn(body) }]));
}

/** Null after an erasure, too. */
function reasonIn(body: string | null): string | null {
  const read: unknown = body === null ? null : JSON.parse(body);
  const reason: unknown = Reflect.get(Object(read), 'reason');
  return typeof reason === 'string' ? reason : null;
}

/** How it stands only the target knows; of one that it cannot be asked about the rest is said. */
async function view(context: ReleasesContext, scope: Scope, { key, by, at, reason }: Started): Promise<JobByHandView> {
  const [job = ''] = key.slice(chainOf(scope).length + 1).split('/');
  const about = { key, job, startedBy: by, startedAt: at, reason };
  try {
    const seen = await context.target.observeJob(key);
    if (seen === null) return { ...about, state: 'unknown', exitCode: null, note: null };
    context.jobLooks.follow(scope, key, seen);
    return { ...about, state: seen.state, exitCode: seen.exitCode, note: noteOf(seen.logTail) };
  } catch (error) {
    return { ...about, state: 'unknown', exitCode: null, note: toLotseError(error).message };
  }
}

/** What Lotse says about its end. */
function noteOf(logTail: readonly string[]): string | null {
  const last = logTail.at(-1) ?? '';
  return last.startsWith('Lotse: ') ? last.slice(7) : null;
}
