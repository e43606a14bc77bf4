import type { Command } from 'commander';
import { LotseError } from '../../core/errors.ts';
import { connectToApp, knownEnvironment, withApp, withHelp, type AppOptions } from '../command-options.ts';
import { untilInterrupted, type Context } from '../context.ts';
import { hasEnded } from '../rollout-standing.ts';
import { turnAround } from '../travel.ts';

interface CancelOptions extends AppOptions {
  readonly job?: string;
  readonly reason?: string;
}

export function cancelCommand(command: Command, context: Context): void {
  command
    .argument('<environment>', 'where it happens')
    .option('--job <key>', 'end this job instead, with all its processes')
    .option('--reason <text>', 'why, for the journal');
  withApp(command);
  withHelp(
    command,
    [
      ['lotse cancel production', 'the rollout goes back to the release before'],
      ['lotse cancel production --job production-job-3', 'end a job'],
    ],
    {
      ok: 'it is taken back, or the job was told to end',
      errors: ['not-found', 'conflict', 'stranded', 'unreachable', 'cancelled'],
    },
  );
  command.action(async (environment: string, options: CancelOptions) => {
    if (options.job !== undefined) return endJob(context, environment, options.job, options);
    context.exitCode = await untilInterrupted(context, (signal) => abort(context, environment, options, signal));
  });
}

async function endJob(context: Context, environment: string, job: string, options: CancelOptions): Promise<void> {
  const plane = await connectToApp(context, options);
  await plane.cancelJob(environment, job);
  if (context.out.isJson) context.out.json({ environment, job, cancelled: true });
  else context.out.line(`Job ${job} was told to end.`);
}

async function abort(
  context: Context,
  environment: string,
  options: CancelOptions,
  signal: AbortSignal,
): Promise<number> {
  const { out } = context;
  const plane = await connectToApp(context, options);
  const { rollout } = await knownEnvironment(plane, environment);
  if (rollout === null || hasEnded(rollout)) {
    throw new LotseError('conflict', `No rollout is under way in ${environment}`, {
      hint: `\`lotse rollback ${environment}\` goes back to the release before.`,
    });
  }
  await plane.commandRollout(rollout.id, 'abort', options.reason);
  const reached = await turnAround({ plane, out, signal }, await plane.rollout(rollout.id));
  if (out.isJson) out.json({ ...reached.stop, exitCode: reached.exitCode });
  return reached.exitCode;
}
