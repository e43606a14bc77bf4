import { describeErrorCode, type ErrorCode } from '../core/errors.ts';

/** Exit codes are a promise to scripts: one for each error code, 0 for what was asked for, 1 for a failed check. */
export const exitOk = 0;
/** `doctor` found something that keeps Lotse from working; `journal check` found damage. */
export const exitCheckFailed = 1;
/** Ctrl-C: 128 + SIGINT, as shells say it. */
export const exitInterrupted = 130;

export function exitCodeOf(code: ErrorCode): number {
  return describeErrorCode(code).exit;
}

/** Lines for `--help`: `7  A gate is not open`. */
export function exitCodeLines(codes: readonly ErrorCode[], ok: string): readonly string[] {
  const lines = codes.map((code) => `${String(exitCodeOf(code)).padStart(3)}  ${describeErrorCode(code).title}`);
  return [`${String(exitOk).padStart(3)}  ${ok}`, ...lines];
}
