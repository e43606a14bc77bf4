import type { Command } from 'commander';
import type { KnownJobView, ScheduledRunView } from '../../capabilities/schedules/schedules-api.ts';
import { LotseError } from '../../core/errors.ts';
import { formatElapsedMs } from '../../core/quantities.ts';
import { connectToApp, knownEnvironment, withApp, withHelp, type AppOptions } from '../command-options.ts';
import type { Context } from '../context.ts';
import { formatAgo, formatTime, type Output } from '../output.ts';
import { cutTo, harmless } from '../text-layout.ts';

export function jobsCommand(command: Command, context: Context): void {
  command
    .argument('<environment>', 'where')
    .argument('[job]', 'the latest runs of this one, with the keys by which `lotse logs` shows what they wrote');
  withApp(command);
  withHelp(
    command,
    [
      ['lotse jobs production', 'all jobs of what serves there'],
      ['lotse jobs production tidy', 'its latest runs'],
      ['lotse logs production --job shop/production/tidy/2026-03-29T01:30:00Z', 'what one of them wrote'],
      ['lotse run production tidy', 'a run now, beside the schedule'],
    ],
    { ok: 'shown', errors: ['unauthenticated', 'not-found', 'unreachable'] },
  );
  command.action(async (environment: string, job: string | undefined, options: AppOptions) => {
    const plane = await connectToApp(context, options);
    await knownEnvironment(plane, environment);
    const jobs = await plane.jobs(environment);
    if (job === undefined) return showJobs(context.out, environment, jobs);
    const found = jobs.find((each) => each.job === job);
    if (found !== undefined) return showRuns(context.out, found);
    throw new LotseError('not-found', `What serves in ${environment} has no job ${JSON.stringify(job)}`, {
      hint: jobs.length === 0 ? 'It has none.' : `It has ${jobs.map((each) => each.job).join(', ')}.`,
    });
  });
}

function showJobs(out: Output, environment: string, jobs: readonly KnownJobView[]): void {
  if (out.isJson) return out.json(jobs);
  if (jobs.length === 0) return out.line(`What serves in ${environment} has no jobs.`);
  out.table(
    ['job', 'schedule', 'next', 'last run'],
    jobs.map(({ job, cron, timezone, nextAt, runs }) => [
      out.paint(job, 'bold'),
      cron === null ? out.paint('by hand', 'dim') : `${cron} (${timezone ?? 'UTC'})`,
      nextAt === null ? '' : formatTime(nextAt),
      runs[0] === undefined ? '' : lastRun(runs[0], out),
    ]),
  );
}

function lastRun(run: ScheduledRunView, out: Output): string {
  return `${stateOf(run, out)} ${formatAgo(run.dueAt, Date.now())}`;
}

function showRuns(out: Output, { job, runs }: KnownJobView): void {
  if (out.isJson) return out.json(runs);
  if (runs.length === 0) return out.line(`${job} has not run by schedule yet.`);
  out.table(
    ['due', 'how', 'took', 'key', ''],
    runs.map((run) => [
      formatTime(run.dueAt),
      stateOf(run, out),
      run.endedAt === null ? '' : formatElapsedMs(run.endedAt - run.startedAt),
      run.key,
      cutTo(harmless(run.note ?? ''), 60),
    ]),
  );
}

function stateOf({ state, exitCode, isOverdue }: ScheduledRunView, out: Output): string {
  switch (state) {
    case 'running':
      return isOverdue ? out.paint('overdue', 'red') : out.paint('running', 'cyan');
    case 'succeeded':
      return out.paint('succeeded', 'green');
    case 'failed':
      return out.paint(exitCode === null ? 'failed' : `failed (${exitCode})`, 'red');
    case 'lost':
      return out.paint('lost', 'red');
    case 'not-started':
      return out.paint('not started', 'red');
  }
}
