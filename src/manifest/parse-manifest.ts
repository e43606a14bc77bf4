import { LotseError } from '../core/errors.ts';
import type { AppManifest } from './app-manifest.ts';
import { normalizeManifest } from './normalize/normalize-manifest.ts';
import { findNotBuilt } from './not-built-yet.ts';
import type { Finding, ManifestProblem } from './problem.ts';
import { formatProblem } from './problem.ts';
import { findInterpolation } from './interpolation.ts';
import { manifestSchema } from './schema/manifest-schema.ts';
import { expectedTexts, shapeFindings } from './shape-findings.ts';
import { readSource } from './source.ts';

export interface ManifestOptions {
  /** How the file is called in messages: `lotse.yaml`. */
  readonly file: string;
  /** Whether a Dockerfile lies beside it: it decides the default target. */
  readonly hasDockerfile: boolean;
}

/** Without problems there is a manifest. */
export interface CheckedManifest {
  /** In the order of the file. */
  readonly problems: readonly ManifestProblem[];
  readonly manifest?: AppManifest;
}

/** Reads a manifest and says everything that is wrong with it. Pure; never throws, whatever the text. */
export function checkManifest(text: string, options: ManifestOptions): CheckedManifest {
  const source = readSource(text, options.file);
  if (source.problems.length > 0) return { problems: source.problems };
  const findings: Finding[] = [...findInterpolation(source.value), ...findNotBuilt(source.value)];
  const parsed = manifestSchema.safeParse(source.value, { error: expectedTexts });
  const { hasDockerfile } = options;
  const context = { source, hasDockerfile, report: (finding: Finding) => void findings.push(finding) };
  const manifest = parsed.success ? normalizeManifest(parsed.data, context) : undefined;
  if (!parsed.success) findings.push(...shapeFindings(parsed.error.issues, source.value));
  const problems = findings.map((finding) => source.locate(finding)).toSorted(byPosition);
  return manifest === undefined || problems.length > 0 ? { problems } : { problems, manifest };
}

/**
 * Reads a manifest. Throws LotseError `manifest-invalid`; its `details` are one line for each problem,
 * `lotse.yaml:12:5 services.web.prot: …`, in the order of the file.
 */
export function parseManifest(text: string, options: ManifestOptions): AppManifest {
  const { problems, manifest } = checkManifest(text, options);
  if (manifest !== undefined) return manifest;
  const [first] = problems;
  const summary =
    problems.length === 1 && first !== undefined
      ? formatProblem(first)
      : `${options.file} has ${problems.length} problems`;
  throw new LotseError('manifest-invalid', summary, {
    hint: 'docs/reference/manifest.md describes every key.',
    details: problems.map(formatProblem),
  });
}

function byPosition(a: ManifestProblem, b: ManifestProblem): number {
  return a.line - b.line || a.column - b.column || a.path.localeCompare(b.path);
}
