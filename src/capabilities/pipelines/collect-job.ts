import { sayError, toLotseError } from '../../core/errors.ts';
import type { PipelineJobDefinition } from '../../manifest/app-manifest.ts';
import { readReport } from '../../reports/read-report.ts';
import type { JobLifeParts, LivingJob } from './job-life.ts';
import { nameOfRun, workspaceOf } from './pipeline.ts';

export interface Collected {
  readonly state: 'passed' | 'failed';
  /** Why it has failed, as far as what it left tells. */
  readonly note: string | null;
  readonly hasArtifacts: boolean;
}

const mostNamed = 3;

/**
 * What a job has left: its reports become evidence, also when it has failed; its artifacts and its cache are kept when it
 * has not. What it should have left and has not fails it. May be called again for the same job.
 */
export async function collectJob(
  parts: JobLifeParts,
  living: LivingJob,
  definition: PipelineJobDefinition,
  hasSucceeded: boolean,
): Promise<Collected> {
  const problems = await readReports(parts, living, definition, hasSucceeded);
  const failed = (note: string | null): Collected => ({ state: 'failed', note, hasArtifacts: false });
  if (!hasSucceeded || problems.length > 0) return failed(problems.length === 0 ? null : problems.join('; '));
  const { artifacts } = definition;
  const { run, job } = living;
  const id = workspaceOf(run, job);
  if (artifacts.length > 0) {
    const file = parts.workspaces.artifactsOf(run.app, nameOfRun(run), job.job);
    const problem = await parts.workspaces.pack(id, artifacts, file).then(() => null, sayError);
    if (problem !== null) return failed(`its artifacts cannot be kept: ${problem}`);
  }
  await keepCache(parts, living, definition);
  return { state: 'passed', note: null, hasArtifacts: artifacts.length > 0 };
}

/** What speaks against the job. Of one that has failed anyway a report may be missing. */
async function readReports(
  parts: JobLifeParts,
  living: LivingJob,
  { reports }: PipelineJobDefinition,
  hasSucceeded: boolean,
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const format of ['junit', 'sarif'] as const) {
    for (const [index, path] of reports[format].entries()) {
      const problem = await readOne(parts, living, format, path, index);
      if (problem !== null && (hasSucceeded || problem.isAboutTests)) problems.push(problem.note);
    }
  }
  return problems;
}

interface ReportProblem {
  readonly note: string;
  /** It was read, and says that tests have failed. */
  readonly isAboutTests: boolean;
}

/** Null: it was read, and nothing of it fails the job. */
async function readOne(
  { workspaces, addEvidence }: JobLifeParts,
  { run, job }: LivingJob,
  format: 'junit' | 'sarif',
  path: string,
  index: number,
): Promise<ReportProblem | null> {
  const { app, release } = run;
  try {
    const { report, against } = readReport(format, await workspaces.readFile(workspaceOf(run, job), path), path);
    const name = index === 0 ? job.job : `${job.job}-${index + 1}`;
    const refused = await addEvidence({ app, release, name, report }).then(() => null, toLotseError);
    if (refused === null) return null;
    if (refused.code !== 'verification-failed' || report.kind !== 'tests') throw refused;
    return { note: sayFailed(report.failed, against), isAboutTests: true };
  } catch (error) {
    return { note: sayError(error), isAboutTests: false };
  }
}

function sayFailed(failed: number, names: readonly string[]): string {
  const more = names.length > mostNamed ? ', …' : '';
  return `${failed} ${failed === 1 ? 'test' : 'tests'} failed: ${names.slice(0, mostNamed).join(', ')}${more}`;
}

/** A cache that cannot be kept costs time, and nothing else. */
async function keepCache(
  { workspaces, log }: JobLifeParts,
  { run, job }: LivingJob,
  definition: PipelineJobDefinition,
) {
  const { cache } = definition;
  const id = workspaceOf(run, job);
  const key = cache === null ? null : await workspaces.notedCacheKey(id);
  if (cache === null || key === null) return;
  const file = workspaces.cacheOf(run.app, key);
  if (await workspaces.has(file)) return;
  try {
    await workspaces.pack(id, cache.paths, file);
    await workspaces.trimCaches(run.app);
  } catch (error) {
    log({ during: `keeping the cache of ${job.job}`, error: toLotseError(error).message });
  }
}
