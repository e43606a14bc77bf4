import type { Command } from 'commander';
import { connectToApp, withApp, withHelp, type AppOptions } from '../command-options.ts';
import type { Context } from '../context.ts';

interface OverrideOptions extends AppOptions {
  readonly reason: string;
  readonly release?: string;
}

export function overrideCommand(command: Command, context: Context): void {
  command
    .argument('<environment>', 'where the gate is')
    .argument('<gate>', 'its id, as `lotse plan` and a waiting rollout show it')
    .requiredOption('--reason <text>', 'why; it is shown until the next release')
    .option('--release <id>', 'for this release, instead of the one that waits');
  withApp(command);
  withHelp(
    command,
    [['lotse override production proof:artifacts --reason "disk was lost, rebuilt by hand"', 'by your name']],
    { ok: 'the gate is passed, for one rollout', errors: ['bad-input', 'forbidden', 'not-found', 'conflict'] },
  );
  command.action(async (environment: string, gate: string, options: OverrideOptions) => {
    const plane = await connectToApp(context, options);
    const { reason, release } = options;
    await plane.override(environment, { gate, reason, ...(release === undefined ? {} : { release }) });
    const { out } = context;
    if (out.isJson) out.json({ environment, gate, reason, release: release ?? null });
    else out.line(`${gate} is passed in ${environment} for one rollout; status shows it, with your name and reason.`);
  });
}
