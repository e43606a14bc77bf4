import type { FlagSet } from './definitions.ts';
import { offsetOf, positionOf } from './json-places.ts';
import { invalidDefinitions, type FlagProblem } from './parse-definitions.ts';

/** A signal of an environment. */
export interface NamedSignal {
  readonly environment: string;
  readonly signal: string;
  /** Null: no query gives its number. */
  readonly query: string | null;
}

/**
 * Checks what flags of a file are guarded by against the signals that there are. Errors: `manifest-invalid`, as of
 * `parseDefinitions`.
 */
export function checkGuards(text: string, { flags }: FlagSet, signals: readonly NamedSignal[]): void {
  const problems: FlagProblem[] = [];
  for (const [key, { additions: own }] of flags) {
    for (const [index, name] of own.guard.entries()) {
      const path = ['flags', key, 'lotse', 'guard', index];
      const message = whyNoGuard(name, signals);
      if (message === null) continue;
      problems.push({ ...positionOf(text, offsetOf(text, path)), path: path.join('.'), message });
    }
  }
  if (problems.length > 0) throw invalidDefinitions(problems);
}

function whyNoGuard(name: string, signals: readonly NamedSignal[]): string | null {
  const named = signals.filter(({ signal }) => signal === name);
  const known = [...new Set(signals.map(({ signal }) => signal))];
  if (named.length === 0) {
    const there = known.length === 0 ? 'there is none' : `there are ${known.join(', ')}`;
    return `no environment of lotse.yaml has a signal ${JSON.stringify(name)} (strategy.signals); ${there}`;
  }
  const unfit = named.find(({ query }) => query === null || !query.includes('$variant'));
  if (unfit === undefined) return null;
  const where = `environments.${unfit.environment}.strategy.signals.${name}`;
  if (unfit.query === null) {
    return `${where} is a command, and only a query can tell variants apart: use \`prometheus\``;
  }
  return `${where} does not tell variants apart: write \`$variant\` into it, as in {menu=~"$variant"}`;
}
