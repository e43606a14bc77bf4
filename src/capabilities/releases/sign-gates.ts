import { createHash } from 'node:crypto';
import type { Actor } from '../../core/events.ts';
import { LotseError } from '../../core/errors.ts';
import { chainOf, type Scope } from '../../core/ids.ts';
import type { Evidence } from '../../rollout/gate.ts';
import type { ChecklistLine } from '../../rollout/plan.ts';
import type { Release } from '../../rollout/release.ts';
import { insertEvidence, insertOverride } from './evidence-rows.ts';
import { acceptedDefinition } from './plan-rollout.ts';
import { gatesOfDeploy, sourced } from './release-gates.ts';
import { findRelease } from './release-rows.ts';
import type { ReleasesContext } from './releases-context.ts';

export interface Signature {
  /** A line's id or its beginning, `all`, or null for an approval of the release itself. */
  readonly line: string | null;
  readonly note: string | null;
}

/** The release that people mean when they name none: the one that waits at a gate, else the latest to be deployed here. */
export async function releaseInQuestion(
  context: ReleasesContext,
  scope: Scope,
  named: string | null,
): Promise<Release> {
  const { rollout } = context.engine.view(scope);
  const id = named ?? (rollout?.end === null ? rollout.plan.to.release : null);
  if (id === null) {
    throw new LotseError('bad-input', 'no rollout waits here: name the release', { hint: 'Add `--release RELEASE`.' });
  }
  return await findRelease(context.database.db, scope.app, id);
}

/** Records an approval, or signatures under checklist lines. Answers the new evidence. */
export async function sign(
  context: ReleasesContext,
  scope: Scope,
  release: Release,
  signature: Signature,
  by: Actor,
): Promise<readonly Evidence[]> {
  requirePerson(by, 'An approval or signature');
  if (signature.line === null) return [await record(context, scope, release, 'approval', 'approved', signature, by)];
  const lines = await findLines(context, scope, release, signature.line);
  const signed: Evidence[] = [];
  for (const line of lines) {
    signed.push(await record(context, scope, release, `checklist:${line.id}`, `signed: ${line.text}`, signature, by));
  }
  return signed;
}

async function findLines(
  context: ReleasesContext,
  scope: Scope,
  release: Release,
  wanted: string,
): Promise<readonly ChecklistLine[]> {
  const { gates } = gatesOfDeploy(await acceptedDefinition(context, scope), sourced(release, scope.environment), []);
  const lines = gates.flatMap((gate) => (gate.kind === 'checklist' ? gate.lines : []));
  if (wanted === 'all') return lines;
  const words = wanted.toLowerCase();
  const found = lines.filter((line) => line.id.startsWith(words) || line.text.toLowerCase().startsWith(words));
  if (found.length === 1) return found;
  const details = lines.map((line) => `${line.id}  ${line.text}`);
  const message =
    found.length === 0 ? `no checklist line begins with “${wanted}”` : `“${wanted}” begins ${found.length} lines`;
  throw new LotseError('not-found', message, { hint: 'Name a line by its id or its first words.', details });
}

async function record(
  context: ReleasesContext,
  scope: Scope,
  release: Release,
  gate: string,
  summary: string,
  signature: Signature,
  by: Actor,
): Promise<Evidence> {
  const at = context.now();
  const evidence: Evidence = {
    id: context.newId(),
    gate,
    environment: scope.environment,
    subject: { kind: 'release', release: release.id },
    by,
    at,
    until: null,
    hash: createHash('sha256').update(`${release.id}\n${release.artifact}\n${gate}\n${summary}`).digest('hex'),
    summary,
  };
  const payload = { evidence: evidence.id, gate, release: release.id };
  const draft = {
    type: 'evidence-recorded',
    version: 1,
    actor: by,
    reason: signature.note,
    correlationId: release.id,
    payload,
  };
  await context.journal.appendWith(chainOf(scope), context.lock.fence, [draft], (trx) =>
    insertEvidence(trx, scope.app, evidence),
  );
  context.engine.wake(scope);
  return evidence;
}

/** A named person passes one gate for one rollout: the one that waits, else the next one of this release. */
export async function override(
  context: ReleasesContext,
  scope: Scope,
  release: Release,
  gate: string,
  reason: string,
  by: Actor,
): Promise<void> {
  requirePerson(by, 'An override');
  const known = gatesOfDeploy(
    await acceptedDefinition(context, scope),
    sourced(release, scope.environment),
    context.parts,
  );
  if (!known.gates.some((each) => each.id === gate)) {
    const details = known.gates.map((each) => each.id);
    throw new LotseError('not-found', `${scope.environment} has no gate ${gate}`, {
      hint: 'These are its gates.',
      details,
    });
  }
  const { rollout } = context.engine.view(scope);
  const isWaiting = rollout?.end === null && rollout.plan.to.release === release.id;
  const forWhat = isWaiting ? rollout.plan.rollout : release.id;
  const payload = { gate, release: release.id, for: forWhat };
  const draft = { type: 'gate-overridden', version: 1, actor: by, reason, correlationId: forWhat, payload };
  await context.journal.appendWith(chainOf(scope), context.lock.fence, [draft], (trx) =>
    insertOverride(trx, scope, forWhat, context.newId(), { gate, by, at: context.now(), reason }),
  );
  context.engine.wake(scope);
}

/** Four eyes are people's eyes. Errors: `forbidden`. */
function requirePerson(by: Actor, what: string): void {
  if (by.kind === 'person') return;
  throw new LotseError('forbidden', `${what} is given by a person, and this credential names a system`, {
    hint: 'Sign in, or use a token that speaks for a person.',
  });
}
