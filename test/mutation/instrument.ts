import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Instrumenter } from '@stryker-mutator/instrumenter';
import { describeChange, nameOf, type Change, type Mutant } from './mutant.ts';

/** Strings are words for people or members of unions, which the type check guards. */
const leftOut = ['StringLiteral'];

const quiet = () => undefined;
const logger = {
  trace: quiet,
  debug: quiet,
  info: quiet,
  warn: quiet,
  error: quiet,
  fatal: quiet,
  isTraceEnabled: () => false,
  isDebugEnabled: () => false,
  isInfoEnabled: () => false,
  isWarnEnabled: () => false,
  isErrorEnabled: () => false,
  isFatalEnabled: () => false,
};

export interface Instrumented {
  readonly mutants: readonly Mutant[];
  readonly changes: ReadonlyMap<string, Change>;
  /** Paths and texts of the sources with all their mutants in them, each behind a switch. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
}

/** Puts the mutants of some sources behind switches: one is on at a time, by its number. */
export async function instrument(root: string, paths: readonly string[]): Promise<Instrumented> {
  const sources = new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
  const files = [...sources].map(([name, content]) => ({ name, content, mutate: true }));
  const options = { plugins: null, excludedMutations: leftOut, ignorers: [] };
  const instrumented = await new Instrumenter(logger).instrument(files, options);
  const changes = new Map<string, Change>();
  const times = new Map<string, number>();
  const made = instrumented.mutants.filter(({ status }) => status !== 'Ignored');
  const mutants = made.map(({ id, fileName: file, location, mutatorName, replacement }): Mutant => {
    const change: Change = { ...location, replacement };
    const shown = describeChange(sources.get(file) ?? '', change);
    const name = nameOf({ file, ...shown });
    const nth = (times.get(name) ?? 0) + 1;
    times.set(name, nth);
    changes.set(id, change);
    const becomes = nth === 1 ? shown.becomes : `${shown.becomes} (${nth})`;
    return { id, file, line: location.start.line + 1, mutator: mutatorName, was: shown.was, becomes };
  });
  return { mutants, changes, files: instrumented.files.map(({ name, content }) => ({ path: name, text: content })) };
}
