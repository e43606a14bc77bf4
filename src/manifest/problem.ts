/** Where something stands in the file: keys and list positions from the top. */
export type Path = readonly (string | number)[];

/**
 * `syntax`: not the YAML that is read here. `shape`: a value of the wrong form, a missing key. `unknown-key`: no such
 * key. `not-built-yet`: a key whose part of Lotse is not built. `meaning`: each value is fine, together they are not.
 */
export type ProblemKind = 'syntax' | 'shape' | 'unknown-key' | 'not-built-yet' | 'meaning';

/** One thing that is wrong with a manifest. Lines and columns count from 1. */
export interface ManifestProblem {
  readonly kind: ProblemKind;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** `services.web.port`; empty for the file as a whole. */
  readonly path: string;
  /** One or two sentences that say what is wrong and what to do, without the position. */
  readonly message: string;
  readonly expected: string | null;
  readonly found: string | null;
  /** The valid key, name or value that is nearest to what was written. */
  readonly nearest: string | null;
}

/** What a check says about a place; the position is found by `path`. */
export interface Finding {
  readonly kind: ProblemKind;
  readonly path: Path;
  /** `key` points at the key, `value` (the default) at what stands behind it. */
  readonly at?: 'key' | 'value';
  readonly message: string;
  readonly expected?: string;
  readonly found?: string;
  readonly nearest?: string;
}

export function formatPath(path: Path): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('');
}

/** `lotse.yaml:12:5 services.web.prot: there is no key "prot" here; did you mean "port"?` */
export function formatProblem(problem: ManifestProblem): string {
  const place = `${problem.file}:${problem.line}:${problem.column}`;
  // Its message begins with the path already.
  if (problem.kind === 'not-built-yet') return `${place} ${problem.message}`;
  return problem.path === '' ? `${place} ${problem.message}` : `${place} ${problem.path}: ${problem.message}`;
}
