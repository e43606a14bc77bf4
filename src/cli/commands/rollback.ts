import type { Command } from 'commander';
import {
  connectToApp,
  knownEnvironment,
  withApp,
  withFollowing,
  withHelp,
  type AppOptions,
} from '../command-options.ts';
import { untilInterrupted, type Context } from '../context.ts';
import type { Until } from '../rollout-standing.ts';
import { follow, turnAround } from '../travel.ts';

interface RollbackOptions extends AppOptions {
  readonly to?: string;
  readonly reason?: string;
  readonly until: Until;
  readonly wait?: true;
}

export function rollbackCommand(command: Command, context: Context): void {
  command
    .argument('<environment>', 'which environment goes back')
    .option('--to <release>', 'another release than the one before, or a revision (production-4) with its config')
    .option('--reason <text>', 'why, for the journal');
  withFollowing(command);
  withApp(command);
  withHelp(
    command,
    [
      ['lotse rollback production', 'to the release before; nothing to look up'],
      ['lotse rollback production --reason "checkout is slow"', 'the journal keeps why'],
      ['lotse rollback production --to r4-9f8e7d6', 'to one that you name'],
    ],
    {
      ok: 'users get the earlier release again, seen on the public route',
      errors: ['not-found', 'conflict', 'not-proven', 'returned', 'stranded', 'unreachable', 'cancelled'],
    },
  );
  command.action(async (environment: string, options: RollbackOptions) => {
    context.exitCode = await untilInterrupted(context, (signal) => rollBack(context, environment, options, signal));
  });
}

async function rollBack(
  context: Context,
  environment: string,
  options: RollbackOptions,
  signal: AbortSignal,
): Promise<number> {
  const { out } = context;
  const plane = await connectToApp(context, options);
  const now = await knownEnvironment(plane, environment);
  const to = options.to ?? now.previousRelease;
  if (now.release !== null && to !== null)
    out.line(out.paint(`${environment}: from ${now.release} back to ${to}`, 'dim'));
  const rollout = await plane.startRollout(environment, {
    rollback: true,
    ...(options.to === undefined ? {} : { release: options.to }),
    ...(options.reason === undefined ? {} : { reason: options.reason }),
  });
  const waits = options.wait ?? false;
  // A rollout that had not settled is turned around: its own end is the way back.
  const reached =
    rollout.kind === 'rollback'
      ? await follow({ plane, out, waits, signal }, rollout, options.until)
      : await turnAround({ plane, out, signal }, rollout);
  if (out.isJson) out.json({ ...reached.stop, exitCode: reached.exitCode });
  return reached.exitCode;
}
