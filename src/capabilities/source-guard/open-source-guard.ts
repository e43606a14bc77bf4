import { LotseError } from '../../core/errors.ts';
import type { Actor } from '../../core/events.ts';
import type { AppName, UnixMs } from '../../core/ids.ts';
import type { DatabaseJournal } from '../../database/journal.ts';
import type { Database } from '../../database/open-database.ts';
import { parseReviewed, reviewedFile, reviewedLine, sortFindings, type Finding } from './findings.ts';
import { recordReviewed } from './reviewed-rows.ts';
import { runScan } from './run-scan.ts';

export interface GuardParts {
  readonly database: Database;
  readonly journal: DatabaseJournal;
  readonly fence: () => number;
  readonly now: () => UnixMs;
}

interface Source {
  readonly app: AppName;
  readonly commit: string;
  readonly tar: string;
  readonly by: Actor;
}

/** So many findings are listed. */
const listed = 50;

/**
 * Refuses a source with secrets in it, before anything is built of it. Those that a line of the repository marks as none
 * pass, and who sent the line is in the journal. Answers remarks for people. Errors: `bad-input`, `timeout`.
 */
export function openSourceGuard(parts: GuardParts): (source: Source) => Promise<readonly string[]> {
  return async (source) => {
    const { findings, reviewed: text, leftOut } = await runScan(source.tar);
    const { reviewed, wrong } = parseReviewed(text ?? '');
    if (wrong.length > 0) {
      throw new LotseError('bad-input', `${reviewedFile}:${wrong[0]} is not FINGERPRINT  PATH  # REASON`);
    }
    const { refused, accepted, unused } = sortFindings(findings, reviewed);
    if (refused.length > 0) throw refusalOf(refused);
    await recordReviewed(parts, source, accepted);
    return [
      ...(leftOut === 0 ? [] : [`${leftOut} files were not looked at for secrets: the source is too large`]),
      ...unused.map(({ line, path }) => `${reviewedFile}:${line} marks nothing that is in ${path}: remove it`),
    ];
  };
}

function refusalOf(refused: readonly Finding[]): LotseError {
  const [first] = refused;
  const places = refused.length === 1 ? `${first?.path}:${first?.line} looks` : `${refused.length} places look`;
  const lines = refused.slice(0, listed).map((each) => `${each.path}:${each.line}  ${each.rule}  ${each.fingerprint}`);
  const more = refused.length > listed ? [`and ${refused.length - listed} more`] : [];
  const mark = first === undefined ? '' : reviewedLine(first, 'why it is none');
  return new LotseError('bad-input', `${places} like a secret, and secrets do not belong into a repository`, {
    hint: `Give it to \`lotse secret set\`, take it out of the file, and have a new one made: whoever has the repository has this one. What is no secret is marked by a line of ${reviewedFile}: \`${mark}\``,
    details: [...lines, ...more],
  });
}
