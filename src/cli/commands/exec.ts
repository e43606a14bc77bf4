import type { Command } from 'commander';
import { LotseError } from '../../core/errors.ts';
import { connectToApp, withApp, withHelp, type AppOptions } from '../command-options.ts';
import type { Context } from '../context.ts';
import { exitCodeOf } from '../exit-codes.ts';

interface ExecOptions extends AppOptions {
  readonly instance?: string;
  readonly terminal: boolean;
  readonly reason?: string;
}

export function execCommand(command: Command, context: Context): void {
  command
    .argument('<environment>', 'where')
    .argument('<service>', 'of which service')
    .option(
      '--instance <number>',
      'which of its instances, as `lotse status` numbers them (default: one that is ready)',
    )
    .option('--no-terminal', 'both outputs apart, also where this is a terminal')
    .option('--reason <text>', 'why, for the journal')
    .usage('<environment> <service> [options] -- <command> [argument…]');
  withApp(command);
  withHelp(
    command,
    [
      ['lotse exec production web -- sh', 'a shell, with the variables, user, folder and limits of the instance'],
      ['lotse exec production web --instance 2 -- node -v', 'in the third one; no shell looks at the words'],
      ['lotse exec production web -- cat data.json >data.json', 'a pipe: nothing is added to what it writes'],
    ],
    {
      ok: 'it ended with 0; any other end is passed on',
      errors: ['bad-input', 'forbidden', 'not-found', 'conflict', 'unreachable'],
    },
  );
  command.action(async (environment: string, service: string, options: ExecOptions) => {
    context.exitCode = await exec(context, environment, service, options);
  });
}

async function exec(context: Context, environment: string, service: string, options: ExecOptions): Promise<number> {
  const { passedOn, canAsk } = context;
  if (passedOn === null || passedOn.length === 0) {
    throw new LotseError('bad-input', 'Which command? It stands after --', {
      hint: `lotse exec ${environment} ${service} -- sh`,
    });
  }
  const plane = await connectToApp(context, options);
  const { openProgram } = await import('../sessions/open-program.ts');
  const { shareConsole } = await import('../sessions/share-console.ts');
  const slot = options.instance === undefined ? null : instanceNumber(options.instance);
  const program = await openProgram(plane, { environment, service }, 'openSession');
  const exitCode = await shareConsole(program, {
    argv: passedOn,
    slot,
    reason: options.reason,
    wantsTerminal: options.terminal && canAsk,
    console: context.console,
    onSignal: (signals, handler) => context.onSignal(signals, handler),
  });
  return exitCode ?? exitCodeOf('internal');
}

function instanceNumber(written: string): number {
  if (/^\d{1,6}$/.test(written)) return Number(written);
  throw new LotseError('bad-input', `--instance takes a number, not ${JSON.stringify(written)}`, {
    hint: 'They are numbered from 0.',
  });
}
