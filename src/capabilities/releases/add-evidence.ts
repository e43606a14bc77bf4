import type { Actor } from '../../core/events.ts';
import { LotseError } from '../../core/errors.ts';
import { countFrom, sayFindings } from '../../core/severities.ts';
import { chainOf, type AppName, type Scope } from '../../core/ids.ts';
import type { Evidence } from '../../rollout/gate.ts';
import type { Release } from '../../rollout/release.ts';
import type { EvidenceRequest } from './evidence-api.ts';
import { insertEvidence } from './evidence-rows.ts';
import { findRelease, listReleases } from './release-rows.ts';
import type { ReleasesContext } from './releases-context.ts';

type Report<Kind> = Extract<EvidenceRequest, { readonly kind: Kind }>;

/** `failOn` null: it only tells what it has found, and gates say what is too much. */
export type KnownReport =
  Report<'tests'> | (Omit<Report<'scan'>, 'failOn'> & { readonly failOn: Report<'scan'>['failOn'] | null });

/**
 * Records what a report says about a release. The same report again is the same evidence. Errors: `verification-failed`: it
 * speaks against the release, which the journal keeps; `not-found`, `bad-input` (it is about nothing).
 */
export async function addEvidence(
  context: ReleasesContext,
  scope: Scope,
  report: KnownReport,
  by: Actor,
): Promise<Evidence> {
  const release = await releaseOf(context, scope.app, report);
  const said = say(report);
  const gate = `${report.kind}:${report.name}`;
  const evidence: Evidence = {
    id: `${scope.app}/${scope.environment}/${release.id}/${gate}/${report.hash.slice(0, 16)}`,
    ...{ gate, environment: scope.environment, subject: { kind: 'release', release: release.id } },
    ...{ by, at: context.now(), until: null, hash: report.hash, summary: said.summary },
    ...(report.kind === 'scan' ? { findings: report.findings } : {}),
  };
  const payload = { evidence: evidence.id, gate, release: release.id };
  const type = said.speaksFor ? 'evidence-recorded' : 'evidence-refused';
  const draft = { type, version: 1, actor: by, reason: null, correlationId: release.id, payload };
  await context.journal.appendWith(chainOf(scope), context.lock.fence, [draft], async (trx) => {
    // A scan that speaks against the release is kept as well: a gate asks what the latest one has found.
    if (said.speaksFor || report.kind === 'scan') await insertEvidence(trx, scope.app, evidence);
  });
  if (said.speaksFor) return evidence;
  throw new LotseError('verification-failed', `${gate} speaks against ${release.id}: ${said.summary}`);
}

function say(report: KnownReport): { readonly summary: string; readonly speaksFor: boolean } {
  if (report.kind === 'tests') {
    const { tests, failed, skipped } = report;
    // A report in which nothing ran proves nothing, whatever else it says.
    if (tests - skipped <= 0) throw new LotseError('bad-input', 'no test of this report has run');
    if (failed > tests) throw new LotseError('bad-input', 'more tests have failed than there are');
    const passed = tests - skipped - failed;
    return { summary: `${passed} tests passed, ${failed} failed, ${skipped} skipped`, speaksFor: failed === 0 };
  }
  const { findings, failOn } = report;
  if (failOn === null) return { summary: sayFindings(findings), speaksFor: true };
  return {
    summary: `${sayFindings(findings)}; looked for ${failOn} and above`,
    speaksFor: countFrom(findings, failOn) === 0,
  };
}

async function releaseOf(context: ReleasesContext, app: AppName, report: KnownReport): Promise<Release> {
  const { db } = context.database;
  if (report.release !== undefined) return await findRelease(db, app, report.release);
  const { commit } = report;
  if (commit === undefined)
    throw new LotseError('bad-input', 'name the release or the commit that the report is about');
  const found = (await listReleases(db, app)).find(({ source }) => !source.dirty && source.commit.startsWith(commit));
  if (found !== undefined) return found;
  throw new LotseError('not-found', `${app} has no release of the commit ${commit.slice(0, 7)}`, {
    hint: 'It is there once the commit was built: `lotse deploy` does that.',
  });
}
