import type { Actor } from '../../core/events.ts';
import type { AppName } from '../../core/ids.ts';
import type { Finding } from './findings.ts';
import type { GuardParts } from './open-source-guard.ts';

interface Accepted {
  readonly finding: Finding;
  readonly reason: string;
}

/** Records what passes for the first time, with its event in one transaction: who sent it, and why it is no secret. */
export async function recordReviewed(
  { journal, fence, now }: GuardParts,
  source: { readonly app: AppName; readonly commit: string; readonly by: Actor },
  accepted: readonly Accepted[],
): Promise<void> {
  if (accepted.length === 0) return;
  const { app, by, commit } = source;
  await journal.transact(async ({ trx, append }) => {
    const rows = await trx
      .selectFrom('reviewed_findings')
      .select(['path', 'fingerprint'])
      .where('app', '=', app)
      .execute();
    const known = new Set(rows.map(({ path, fingerprint }) => `${fingerprint} ${path}`));
    for (const { finding, reason } of accepted) {
      const { path, fingerprint, rule } = finding;
      const key = `${fingerprint} ${path}`;
      if (known.has(key)) continue;
      known.add(key);
      await trx
        .insertInto('reviewed_findings')
        .values({
          ...{ app, path, fingerprint, rule, reason, accepted_at: now() },
          ...{ accepted_by_kind: by.kind, accepted_by_id: by.id },
        })
        .execute();
      const payload = { app, path, fingerprint, rule, commit };
      const event = { type: 'finding-accepted', version: 1, actor: by, reason, correlationId: null, payload };
      await append('control', fence(), [event]);
    }
  });
}
