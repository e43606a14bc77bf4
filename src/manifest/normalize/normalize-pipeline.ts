import { parseDurationMs } from '../../core/quantities.ts';
import type { PipelineDefinition, PipelineJobDefinition } from '../app-manifest.ts';
import { defaults } from '../defaults.ts';
import { reservedVariable } from '../names.ts';
import { nearestOf } from '../nearest.ts';
import type { Path } from '../problem.ts';
import type { WrittenManifest } from '../schema/manifest-schema.ts';
import type { Context } from './context.ts';
import { reportMeaning, reportUnknownName } from './context.ts';
import { normalizeValues } from './normalize-config.ts';
import { checkWithin } from './normalize-jobs.ts';

type WrittenPipeline = NonNullable<WrittenManifest['pipeline']>;
type WrittenJob = WrittenPipeline['jobs'][string];

export function normalizePipeline(written: WrittenPipeline, context: Context): PipelineDefinition {
  const jobs = Object.entries(written.jobs).map(([name, job]) => normalizeJob(name, job, context));
  if (jobs.length === 0) reportMeaning(context, ['pipeline', 'jobs'], 'a pipeline has at least one job');
  const known = jobs.map(({ job }) => job);
  for (const { job, needs } of jobs) {
    for (const need of needs) {
      if (known.includes(need)) continue;
      const path = ['pipeline', 'jobs', job, 'needs'];
      reportUnknownName(context, path, 'job', { written: need, known, nearest: nearestOf(need, known) });
    }
  }
  reportCircles(jobs, context);
  const { concurrency } = written;
  const group = concurrency?.group ?? defaults.concurrencyGroup;
  return { jobs, concurrency: concurrency === undefined ? null : { group, newer: concurrency.newer } };
}

function normalizeJob(name: string, written: WrittenJob, context: Context): PipelineJobDefinition {
  const path = ['pipeline', 'jobs', name];
  const withinMs = written.within ?? parseDurationMs(defaults.pipelineWithin);
  checkWithin(withinMs, [...path, 'within'], context);
  checkVariables(written, path, context);
  const { cache, artifacts = [], reports = {} } = written;
  for (const [key, paths] of [
    ['artifacts', artifacts],
    ['cache', cache?.paths ?? []],
  ] as const) {
    if (paths.includes('.'))
      reportMeaning(context, [...path, key], 'name what is in the folder, not the folder itself');
  }
  return {
    ...{ job: name, commands: written.run, root: written.root ?? defaults.root, withinMs },
    ...{ needs: [...new Set(written.needs)], secrets: written.secrets ?? [], artifacts },
    config: normalizeValues(written.config, [...path, 'config'], context),
    cache: cache === undefined ? null : { paths: cache.paths, key: cache.key },
    reports: { junit: reports.junit ?? [], sarif: reports.sarif ?? [] },
  };
}

function checkVariables({ secrets = [], config = {} }: WrittenJob, path: Path, context: Context): void {
  for (const [index, name] of secrets.entries()) {
    const place = [...path, 'secrets', index];
    const reason = reservedVariable(name);
    if (reason !== null) reportMeaning(context, place, `${name} cannot be a secret: ${reason}`);
    if (secrets.indexOf(name) !== index) reportMeaning(context, place, `${name} is named twice`);
    if (Object.hasOwn(config, name)) reportMeaning(context, place, `config and secrets both want the variable ${name}`);
  }
}

/** Each circle once, where its first job in the file's order says what it needs. */
function reportCircles(jobs: readonly PipelineJobDefinition[], context: Context): void {
  const needsOf = new Map(jobs.map(({ job, needs }) => [job, needs]));
  const done = new Set<string>();
  const visit = (job: string, behind: readonly string[]): void => {
    if (behind.includes(job)) {
      const circle = [...behind.slice(behind.indexOf(job)), job];
      const [first = job] = circle;
      const message = `the order goes round in a circle: ${circle.join(' needs ')}`;
      return reportMeaning(context, ['pipeline', 'jobs', first, 'needs'], message);
    }
    if (done.has(job)) return;
    for (const need of needsOf.get(job) ?? []) visit(need, [...behind, job]);
    done.add(job);
  };
  for (const { job } of jobs) visit(job, []);
}
