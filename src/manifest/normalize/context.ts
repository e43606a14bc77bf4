import type { Finding, Path } from '../problem.ts';
import type { Source } from '../source.ts';

/** What the steps of normalizing share: they report what is wrong and go on. */
export interface Context {
  readonly source: Source;
  readonly hasDockerfile: boolean;
  report(finding: Finding): void;
}

/** Reports what does not fit together. */
export function reportMeaning(context: Context, path: Path, message: string, at: 'key' | 'value' = 'value'): void {
  context.report({ kind: 'meaning', path, at, message });
}

/** Reports a name of something that is not there. */
export function reportUnknownName(
  context: Context,
  path: Path,
  what: string,
  names: { readonly written: string; readonly known: readonly string[]; readonly nearest: string | null },
  at: 'key' | 'value' = 'value',
): void {
  const known = names.known.length === 0 ? 'there is none' : `there are ${names.known.join(', ')}`;
  const advice = names.nearest === null ? known : `did you mean "${names.nearest}"?`;
  const message = `there is no ${what} ${JSON.stringify(names.written)}; ${advice}`;
  const more = names.nearest === null ? {} : { nearest: names.nearest };
  context.report({
    kind: 'meaning',
    path,
    at,
    message,
    expected: names.known.join(', '),
    found: names.written,
    ...more,
  });
}
