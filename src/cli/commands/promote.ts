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
import { defaultEnvironment } from '../promotion-route.ts';
import type { Until } from '../rollout-standing.ts';
import { follow } from '../travel.ts';
import { LotseError } from '../../core/errors.ts';

interface PromoteOptions extends AppOptions {
  readonly release?: string;
  readonly reason?: string;
  readonly until: Until;
  readonly wait?: true;
}

export function promoteCommand(command: Command, context: Context): void {
  command
    .argument('[environment]', 'where to; may be left out when the order has one end')
    .option('--release <id>', 'this release, instead of the one that was verified last in the environment before')
    .option('--reason <text>', 'why, for the journal');
  withFollowing(command);
  withApp(command);
  withHelp(
    command,
    [
      ['lotse promote production', 'what staging has verified, the same digests'],
      ['lotse promote production --release r7-a1b2c3d', 'an older one of those'],
    ],
    {
      ok: 'it is live (settled with --until settled)',
      errors: [
        'bad-input',
        'conflict',
        'gate-closed',
        'not-proven',
        'quarantined',
        'returned',
        'stranded',
        'cancelled',
      ],
    },
  );
  command.action(async (environment: string | undefined, options: PromoteOptions) => {
    context.exitCode = await untilInterrupted(context, (signal) => promote(context, environment, options, signal));
  });
}

async function promote(
  context: Context,
  named: string | undefined,
  options: PromoteOptions,
  signal: AbortSignal,
): Promise<number> {
  const plane = await connectToApp(context, options);
  const target = await knownEnvironment(plane, named ?? defaultEnvironment(await plane.environments()));
  if (target.after === null && options.release === undefined) {
    throw new LotseError('bad-input', `Nothing comes before ${target.environment}, so nothing can be promoted to it`, {
      hint: `\`lotse deploy ${target.environment}\` brings a commit there.`,
    });
  }
  const { release, reason, until, wait: waits = false } = options;
  const rollout = await plane.startRollout(target.environment, {
    ...(release === undefined ? {} : { release }),
    ...(reason === undefined ? {} : { reason }),
  });
  const { out } = context;
  const reached = await follow({ plane, out, waits, signal }, rollout, until);
  if (out.isJson) out.json({ ...reached.stop, exitCode: reached.exitCode });
  return reached.exitCode;
}
