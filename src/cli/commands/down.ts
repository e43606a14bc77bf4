import type { Command } from 'commander';
import { LotseError } from '../../core/errors.ts';
import { connectToApp, knownEnvironment, withApp, withHelp, type AppOptions } from '../command-options.ts';
import type { Context } from '../context.ts';

interface DownOptions extends AppOptions {
  readonly yes?: string;
}

export function downCommand(command: Command, context: Context): void {
  command
    .argument('<environment>', 'what is stopped; its stores and releases stay')
    .option('--yes <name>', 'the name of the environment once more, instead of the question');
  withApp(command);
  withHelp(
    command,
    [
      ['lotse down staging', ''],
      ['lotse down production --yes production', 'without a question; users get the maintenance page'],
    ],
    { ok: 'it is stopped', errors: ['bad-input', 'forbidden', 'not-found', 'conflict', 'cancelled'] },
  );
  command.action(async (environment: string, options: DownOptions) => {
    const plane = await connectToApp(context, options);
    const { upstream, mode } = await knownEnvironment(plane, environment);
    await confirm(context, environment, options.yes);
    await plane.down(environment);
    const { out } = context;
    if (out.isJson) out.json(await plane.environment(environment));
    else out.line(`${environment} is stopped: users get the maintenance page, stores and releases are kept.`);
    if (!out.isJson && mode === 'adopted') out.line(`What runs at ${upstream} was adopted: Lotse does not stop it.`);
  });
}

/** Production needs its name once more; the others are there to be stopped. */
async function confirm(context: Context, environment: string, yes: string | undefined): Promise<void> {
  if (yes === environment) return;
  if (yes !== undefined) {
    throw new LotseError('bad-input', `--yes says ${JSON.stringify(yes)}, and the environment is ${environment}`);
  }
  if (environment !== 'production') return;
  if (!context.canAsk) {
    throw new LotseError('bad-input', `Stopping ${environment} needs its name once more: --yes ${environment}`);
  }
  const { text, isCancel } = await import('@clack/prompts');
  const answer = await text({ message: `This stops ${environment} for its users. Its name once more:` });
  if (isCancel(answer) || answer.trim() !== environment) throw new LotseError('cancelled', 'Nothing was stopped.');
}
