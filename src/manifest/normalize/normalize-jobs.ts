import { parseDurationMs } from '../../core/quantities.ts';
import type { JobDefinition } from '../app-manifest.ts';
import { defaults } from '../defaults.ts';
import { successorOf } from '../names.ts';
import { nearestOf } from '../nearest.ts';
import type { WrittenManifest } from '../schema/manifest-schema.ts';
import type { Context } from './context.ts';
import { reportMeaning, reportUnknownName } from './context.ts';

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
    const timezone = written.timezone ?? defaults.timezone;
    const schedule = job.schedule === undefined ? {} : { schedule: { cron: job.schedule, timezone } };
    checkRotates(name, job, written, context);
    const rotates = job.rotates === undefined ? {} : { rotates: job.rotates };
    jobs[name] = { job: name, argv: job.run, root: job.root ?? defaults.root, withinMs, ...schedule, ...rotates };
  }
  return jobs;
}

type WrittenJob = NonNullable<WrittenManifest['jobs']>[string];

function checkRotates(
  name: string,
  { rotates, schedule }: WrittenJob,
  { secrets = [], jobs = {} }: WrittenManifest,
  context: Context,
): void {
  if (rotates === undefined) return;
  const report = (message: string) => reportMeaning(context, ['jobs', name, 'rotates'], message);
  if (schedule === undefined) report('a job rotates by its schedule: add `schedule`, as in "0 4 1 * *"');
  if (!secrets.includes(rotates)) {
    const known = [...secrets];
    const names = { written: rotates, known, nearest: nearestOf(rotates, known) };
    return reportUnknownName(context, ['jobs', name, 'rotates'], 'secret', names);
  }
  if (secrets.includes(successorOf(rotates))) report(`${successorOf(rotates)} is the name of the new value`);
  const other = Object.entries(jobs).find(([job, each]) => job < name && each.rotates === rotates)?.[0];
  if (other !== undefined) report(`the job ${other} rotates ${rotates} already`);
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
