import { describeErrorCode, toLotseError, type LotseError } from '../core/errors.ts';
import type { Output } from './output.ts';
import { harmless } from './text-layout.ts';

/** Says what was wrong, where, and what to do; answers the exit code. With `--json`: `{"error": {…}}` on stdout. */
export function reportError(thrown: unknown, out: Output, env: Readonly<Record<string, string | undefined>>): number {
  const error = toLotseError(thrown);
  const { exit } = describeErrorCode(error.code);
  if (out.isJson) {
    const { code, message, hint, details } = error;
    out.json({ error: { code, message, hint: hint ?? null, details, exitCode: exit } });
    return exit;
  }
  out.note(`${out.paint(out.symbols.failed, 'red', 'bold')} ${harmless(error.message)}`);
  for (const line of worthSaying(error)) out.note(`  ${out.paint(harmless(line), 'dim')}`);
  if (error.hint !== undefined) for (const line of error.hint.split('\n')) out.note(`  ${harmless(line)}`);
  if (error.code === 'internal') out.note(internalAdvice(error, env));
  return exit;
}

function worthSaying(error: LotseError): readonly string[] {
  return error.details.filter((line) => line !== error.message);
}

function internalAdvice(error: LotseError, env: Readonly<Record<string, string | undefined>>): string {
  if (env.LOTSE_DEBUG === undefined || env.LOTSE_DEBUG === '') {
    return '  This is a mistake inside Lotse. LOTSE_DEBUG=1 shows where it happened.';
  }
  const cause = error.cause instanceof Error ? `\n${error.cause.stack ?? ''}` : '';
  return `${error.stack ?? ''}${cause}`;
}
