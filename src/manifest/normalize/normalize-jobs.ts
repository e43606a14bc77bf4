import { parseDurationMs } from '../../core/quantities.ts';
import type { JobDefinition } from '../app-manifest.ts';
import { defaults } from '../defaults.ts';
import type { WrittenManifest } from '../schema/manifest-schema.ts';
import type { Context } from './context.ts';
import { reportMeaning } from './context.ts';

export function normalizeJobs(written: WrittenManifest, context: Context): Record<string, JobDefinition> {
  const jobs: Record<string, JobDefinition> = {};
  for (const [name, job] of Object.entries(written.jobs ?? {})) {
    if (Object.hasOwn(written.services, name)) {
      reportMeaning(
        context,
        ['jobs', name],
        `there is a service ${name} too; names of services and jobs must differ`,
        'key',
      );
    }
    const withinMs = job.within ?? parseDurationMs(defaults.jobWithin);
    checkWithin(withinMs, ['jobs', name, 'within'], context);
    jobs[name] = { job: name, argv: job.run, root: job.root ?? defaults.root, withinMs };
  }
  return jobs;
}

export function normalizeVerify(written: WrittenManifest['verify'], context: Context): JobDefinition | null {
  if (written === undefined) return null;
  const withinMs = parseDurationMs(defaults.verifyWithin);
  if (!('run' in written)) return { job: 'verify', argv: written, root: defaults.root, withinMs };
  const definition = {
    job: 'verify',
    argv: written.run,
    root: written.root ?? defaults.root,
    withinMs: written.within ?? withinMs,
  };
  checkWithin(definition.withinMs, ['verify', 'within'], context);
  return definition;
}

/** A deadline of no time would never be met. */
export function checkWithin(withinMs: number, path: readonly string[], context: Context): void {
  if (withinMs === 0) reportMeaning(context, path, 'this must be longer than 0s');
}
