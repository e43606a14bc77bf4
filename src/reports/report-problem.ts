import { LotseError } from '../core/errors.ts';

/** What is wrong with a report, and where. `line` and `column` count from 1; null: not at one place. */
export function reportProblem(
  file: string,
  at: { readonly line: number; readonly column: number } | null,
  what: string,
): LotseError {
  const place = at === null ? file : `${file}:${at.line}:${at.column}`;
  return new LotseError('bad-input', `${place} ${what}`);
}
