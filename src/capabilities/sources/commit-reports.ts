import { LotseError, sayError } from '../../core/errors.ts';
import type { JournalEvent } from '../../core/events.ts';
import { scopeOf, type AppName, type ReleaseId, type Scope } from '../../core/ids.ts';
import type { Secret } from '../../core/secret.ts';
import { OutboxLoop } from '../../database/outbox-loop.ts';
import { buildPlace } from '../../manifest/names.ts';
import type { ForgeRepository, Forges } from '../../ports/forges/forges.ts';

import { reportOf, type ReportedPlan } from './report-of.ts';
import type { ReportRow, ReportRows } from './report-rows.ts';
import { interfaceOf, parseAddress } from './source-address.ts';
import type { Source } from './source.ts';

export interface CommitReportParts {
  readonly rows: ReportRows;
  readonly list: (app: AppName) => Promise<readonly Source[]>;
  readonly forges: Forges;
  /** The value of a secret; null: there is none. */
  readonly secret: (scope: Scope, name: string) => Promise<Secret | null>;
  /** Null: it belongs to no commit. */
  readonly commitOf: (app: AppName, release: ReleaseId) => Promise<string | null>;
  readonly planOf: (scope: Scope, rollout: string) => Promise<ReportedPlan | null>;
  /** Where an app answers; null: nowhere that people reach. */
  readonly urlOf: (scope: Scope) => Promise<string | null>;
  readonly log: (about: object) => void;
  /** How long one attempt may take, in milliseconds. */
  readonly attemptMs?: number;
}

const usualAttemptMs = 30_000;

/** Tells repositories how their commits fare: from events into a table, and from there to whoever hears it. */
export class CommitReports extends OutboxLoop<ReportRow> {
  readonly #parts: CommitReportParts;

  constructor(parts: CommitReportParts) {
    const { rows } = parts;
    super({
      name: 'what repositories are told',
      due: () => rows.due(),
      receiverOf: ({ app, source }) => `${app}/${source}`,
      deliver: (report, closing) => deliver(parts, report, closing),
      tryAllAgain: () => rows.tryAllAgain(),
      forgetOld: () => rows.forgetOld(),
      log: parts.log,
    });
    this.#parts = parts;
  }

  /** Handed every event of the journal; may see one again. */
  async follow(event: JournalEvent): Promise<void> {
    const scope = scopeOf(event.chain);
    if (scope === null) return;
    const { rows, list, planOf, commitOf } = this.#parts;
    const told = await reportOf(event, (rollout) => planOf(scope, rollout));
    if (told === null) return;
    const commit = told.commit ?? (told.plan === null ? null : await commitOf(scope.app, told.plan.to.release));
    if (commit === null) return;
    const { subject, isRollout, standing, note } = told;
    for (const source of toldOf(await list(scope.app)))
      await rows.put({
        ...scope,
        source: source.name,
        commit,
        subject,
        isRollout,
        standing,
        note,
        sequence: event.sequence,
      });
  }
}

/** Each repository once, however many of its branches are deployed. */
function toldOf(sources: readonly Source[]): readonly Source[] {
  const told = sources.filter(({ tells, token }) => tells && token !== null);
  return told.filter(({ address }, at) => told.findIndex((each) => each.address === address) === at);
}

async function deliver(parts: CommitReportParts, row: ReportRow, closing: AbortSignal): Promise<void> {
  const { rows } = parts;
  try {
    const repository = await repositoryOf(parts, row);
    const late = AbortSignal.timeout(parts.attemptMs ?? usualAttemptMs);
    const url = row.isRollout ? await parts.urlOf(row) : null;
    const outcome = await parts.forges.report(repository, { ...row, url }, AbortSignal.any([late, closing]));
    if (outcome.kind === 'told') return await rows.delivered(row, outcome.deployment);
    await rows.later(row, 'it asks for patience', outcome.afterMs);
  } catch (error) {
    // The next control plane tells what this one began.
    if (closing.aborted) return;
    const isFinal = error instanceof LotseError && error.code === 'conflict';
    await (isFinal ? rows.givenUp(row, sayError(error)) : rows.later(row, sayError(error), null));
  }
}

/** Looked up right before each attempt. Errors: `conflict` (it is not told any more), `not-found` (the token has no value). */
async function repositoryOf(
  { list, secret }: CommitReportParts,
  { app, source: name }: ReportRow,
): Promise<ForgeRepository> {
  const source = toldOf(await list(app)).find((each) => each.name === name);
  if (source?.token == null) throw new LotseError('conflict', `${name} is not told any more`);
  const address = parseAddress(source.address);
  const token = await secret({ app, environment: buildPlace }, source.token);
  if (token !== null) return { kind: source.kind, api: interfaceOf(source.kind, address), path: address.path, token };
  throw new LotseError('not-found', `${source.token} has no value`, {
    hint: `Give it one: \`lotse secret set ${source.token} ${buildPlace}\`.`,
  });
}
