import type { Command } from 'commander';
import type { PipelineView } from '../../capabilities/pipelines/pipelines-api.ts';
import { LotseError } from '../../core/errors.ts';
import { readAppFolder } from '../app-folder.ts';
import { buildRelease } from '../build-release.ts';
import { connectToApp, withApp, withHelp, type AppOptions } from '../command-options.ts';
import { untilInterrupted, type Context } from '../context.ts';
import type { ControlPlane } from '../control-plane.ts';
import { exitCodeOf, exitOk } from '../exit-codes.ts';
import { followPipeline, pipelineOfRelease } from '../follow-pipeline.ts';
import { formatAgo, type Output } from '../output.ts';
import { pipelineCalls } from '../pipeline-calls.ts';
import { jobNotes, stateWord, tookWords } from '../pipeline-lines.ts';
import { cutTo, harmless } from '../text-layout.ts';

const errors = ['bad-input', 'unauthenticated', 'forbidden', 'not-found', 'conflict', 'unreachable'] as const;

/** `lotse pipeline …`: what is run for a release before it is deployed. */
export function pipelineCommand(command: Command, context: Context): void {
  withHelp(
    command,
    [
      ['lotse pipeline list', 'the latest runs'],
      ['lotse pipeline show pipeline-12', 'its jobs and how they ended'],
      ['lotse pipeline logs pipeline-12 test -f', 'what a job writes, until it is over'],
      ['lotse pipeline run', 'build this commit and run its jobs, without a deploy'],
      ['lotse pipeline cancel pipeline-12', 'end it, and every process of its jobs'],
    ],
    { ok: 'done', errors: [...errors, 'verification-failed'] },
  );
  describeList(command.command('list').summary('list the latest runs'), context);
  describeShow(command.command('show').summary('show the jobs of a run'), context);
  describeLogs(command.command('logs').summary('show what a job wrote'), context);
  describeRun(command.command('run').summary('run the jobs of this commit, or again those of a release'), context);
  describeCancel(command.command('cancel').summary('end a run'), context);
}

function describeList(command: Command, context: Context): void {
  command.description('List runs, the latest first.').option('--release <release>', 'those of this release alone');
  withApp(command);
  withHelp(command, [['lotse pipeline list --release r7-a1b2c3d', '']], { ok: 'shown', errors });
  command.action(async ({ release, ...options }: AppOptions & { readonly release?: string }) => {
    const plane = await connectToApp(context, options);
    showRuns(context.out, await pipelineCalls(plane).list(release === undefined ? {} : { release }));
  });
}

function showRuns(out: Output, runs: readonly PipelineView[]): void {
  if (out.isJson) return out.json(runs);
  if (runs.length === 0) return out.line('No pipeline has run yet. `pipeline:` in lotse.yaml declares one.');
  out.table(
    ['run', 'release', 'branch', 'state', 'took', 'when', ''],
    runs.map((run) => [
      out.paint(run.id, 'bold'),
      run.release,
      harmless(run.branch ?? ''),
      stateWord(run.state, out),
      tookWords(run),
      formatAgo(run.createdAt, Date.now()),
      cutTo(harmless(run.note ?? ''), 60),
    ]),
  );
}

function describeShow(command: Command, context: Context): void {
  command.description('Show the jobs of a run.').argument('[run]', 'which one, instead of the latest');
  withApp(command);
  withHelp(command, [['lotse pipeline show pipeline-12 --json', '']], { ok: 'shown', errors });
  command.action(async (run: string | undefined, options: AppOptions) => {
    const plane = await connectToApp(context, options);
    showRun(context.out, run === undefined ? await latestRun(plane) : await pipelineCalls(plane).show(run));
  });
}

function showRun(out: Output, run: PipelineView): void {
  if (out.isJson) return out.json(run);
  const { id, release, state, by, createdAt, note } = run;
  out.line(
    `${out.paint(id, 'bold')} of ${release}: ${stateWord(state, out)}, begun by ${by} ${formatAgo(createdAt, Date.now())}`,
  );
  if (note !== null) out.line(harmless(note));
  out.table(
    ['job', 'state', 'took', 'needs', ''],
    run.jobs.map((job) => [
      out.paint(job.job, 'bold'),
      stateWord(job.state, out),
      tookWords(job),
      job.needs.join(', '),
      cutTo(jobNotes(job), 100),
    ]),
  );
}

async function latestRun(plane: ControlPlane): Promise<PipelineView> {
  const [latest] = await pipelineCalls(plane).list({ limit: 1 });
  if (latest !== undefined) return latest;
  throw new LotseError('not-found', `${plane.app} has run no pipeline yet`, {
    hint: '`pipeline:` in lotse.yaml declares one; it runs for each release.',
  });
}

interface LogsOptions extends AppOptions {
  readonly last: string;
  readonly follow?: true;
}

function describeLogs(command: Command, context: Context): void {
  command
    .description('Show what a job of a run wrote.')
    .argument('<run>', 'which one')
    .argument('<job>', 'which of its jobs')
    .option('--last <lines>', 'so many of the latest lines', '1000')
    .option('-f, --follow', 'all of it, and what it writes until it is over');
  withApp(command);
  withHelp(command, [['lotse pipeline logs pipeline-12 test --follow', '']], { ok: 'shown', errors });
  command.action(async (run: string, job: string, { last, follow, ...options }: LogsOptions) => {
    const lines = Number(last);
    if (!Number.isInteger(lines) || lines < 0 || lines > 10_000)
      throw new LotseError('bad-input', `--last takes a whole number up to 10000, not ${last}`);
    const calls = pipelineCalls(await connectToApp(context, options));
    const { out } = context;
    await untilInterrupted(context, async (signal) => {
      const query = { job, last: lines, follow: follow === true ? 'true' : 'false' } as const;
      for await (const line of calls.logs(run, query, signal)) {
        if (out.isJson) out.jsonLine(line);
        else out.line(line.stream === 'err' ? out.paint(harmless(line.text), 'yellow') : harmless(line.text));
      }
    });
  });
}

interface RunOptions extends AppOptions {
  readonly commit?: string;
  readonly dirty?: true;
}

function describeRun(command: Command, context: Context): void {
  command
    .description(
      'Build this commit and follow its pipeline, without a deploy; with a release, run the pipeline of that one again.',
    )
    .argument('[release]', 'again, for this release')
    .option('--commit <ref>', 'this commit, branch or tag instead of what lies in the folder')
    .option('--dirty', 'the working tree as it is, marked so');
  withApp(command);
  withHelp(
    command,
    [
      ['lotse pipeline run --commit "$GITHUB_SHA"', 'what a CI calls'],
      ['lotse pipeline run r7-a1b2c3d', 'once more'],
    ],
    {
      ok: 'every job has passed',
      errors: [...errors, 'manifest-invalid', 'build-failed', 'verification-failed', 'cancelled'],
    },
  );
  command.action(async (release: string | undefined, options: RunOptions) => {
    context.exitCode = await untilInterrupted(context, (signal) => run(context, release, options, signal));
  });
}

async function run(
  context: Context,
  again: string | undefined,
  options: RunOptions,
  signal: AbortSignal,
): Promise<number> {
  const { out } = context;
  const plane = await connectToApp(context, options);
  const started =
    again === undefined ? await runOfCommit(context, plane, options, signal) : await pipelineCalls(plane).run(again);
  const ended = await followPipeline(started, { plane, out, signal });
  if (out.isJson) out.json(ended);
  return ended.state === 'passed'
    ? exitOk
    : exitCodeOf(ended.state === 'cancelled' ? 'cancelled' : 'verification-failed');
}

/** The same commit answers with the same release, and the run that it has had. */
async function runOfCommit(
  context: Context,
  plane: ControlPlane,
  { commit, dirty }: RunOptions,
  signal: AbortSignal,
): Promise<PipelineView> {
  const { folder } = readAppFolder(context.cwd, context.cwd);
  const source = { folder, ...(commit === undefined ? {} : { commit }), ...(dirty === undefined ? {} : { dirty }) };
  const release = await buildRelease({ plane, out: context.out, source, signal });
  const found = await pipelineOfRelease(plane, release.id);
  if (found !== null) return found;
  throw new LotseError('not-found', `${release.id} declares no pipeline`, { hint: 'Add `pipeline:` to lotse.yaml.' });
}

function describeCancel(command: Command, context: Context): void {
  command
    .description('End a run, and every process of its jobs.')
    .argument('<run>', 'which one')
    .option('--reason <text>', 'why, for the journal');
  withApp(command);
  withHelp(command, [['lotse pipeline cancel pipeline-12 --reason "wrong branch"', '']], {
    ok: 'it is ending',
    errors,
  });
  command.action(async (name: string, { reason, ...options }: AppOptions & { readonly reason?: string }) => {
    const cancelled = await pipelineCalls(await connectToApp(context, options)).cancel(name, reason);
    const { out } = context;
    if (out.isJson) return out.json(cancelled);
    out.line(`${name} is ending.`);
  });
}
