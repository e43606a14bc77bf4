import type { Command } from 'commander';
import { wantsReason } from '../../capabilities/releases/session-api.ts';
import { LotseError } from '../../core/errors.ts';
import { parseDurationMs } from '../../core/quantities.ts';
import { connectToApp, withApp, withHelp, type AppOptions } from '../command-options.ts';
import { untilInterrupted, type Context } from '../context.ts';
import type { ControlPlane } from '../control-plane.ts';
import { exitCodeOf, exitInterrupted, exitOk } from '../exit-codes.ts';
import { followJob } from '../follow-job.ts';
import { exitCodeOfJob } from '../job-exit-code.ts';

interface RunOptions extends AppOptions {
  readonly within?: string;
  readonly reason?: string;
  readonly terminal: boolean;
  readonly detach?: boolean;
}

export function runCommand(command: Command, context: Context): void {
  command
    .argument('<environment>', 'where it runs: with the code, config and stores of what serves there')
    .argument('[job-or-service]', 'a job of lotse.yaml; or the service as which the command after -- runs')
    .option('--reason <text>', 'why, for the journal; a command as a service needs it in production')
    .option('--detach', 'start it and go: it runs on, `lotse logs --job` has what it writes')
    .option('--no-terminal', 'both outputs apart, also where this is a terminal')
    .option('--within <duration>', 'end it when it takes longer: of a job, and of what is detached')
    .usage(
      [
        '<environment> <service> [options] -- <command> [argument…]',
        'lotse run <environment> <job> [options]',
        'lotse run <environment> [options] -- <command> [argument…]',
      ].join('\n       '),
    );
  withApp(command);
  withHelp(
    command,
    [
      ['lotse run staging web -- sh', 'a shell in a place of its own, with all that `web` has; it ends with you'],
      ['lotse run production web --reason "order 4711" -- node scripts/orders.ts', 'the journal has who, what and why'],
      ['lotse run production web --detach --reason "tidy" -- node scripts/tidy.ts', 'it runs on without you'],
      ['lotse run production reindex', 'a job of lotse.yaml; when you leave, it goes on'],
      [
        "lotse run production -- sh -c 'ls | wc -l'",
        'any command, as a job; no shell looks at it unless you write one',
      ],
    ],
    {
      ok: 'it ended with 0; any other end is passed on',
      errors: ['bad-input', 'forbidden', 'not-found', 'timeout', 'unreachable', 'cancelled'],
    },
  );
  command.action(async (environment: string, name: string | undefined, options: RunOptions) => {
    const wanted = { environment, name, argv: context.passedOn ?? [], options };
    context.exitCode = isSatAt(wanted) ? await sitAt(context, wanted) : await runAsJob(context, wanted);
  });
}

interface Wanted {
  readonly environment: string;
  readonly name: string | undefined;
  readonly argv: readonly string[];
  readonly options: RunOptions;
}

/** Both a service and a command, and somebody who stays. */
function isSatAt({ name, argv, options }: Wanted): boolean {
  return name !== undefined && argv.length > 0 && options.detach !== true;
}

async function sitAt(context: Context, { environment, name = '', argv, options }: Wanted): Promise<number> {
  if (options.within !== undefined) {
    throw new LotseError('bad-input', '--within is for what runs on without you: this ends when you go', {
      hint: 'Add --detach, or leave --within out.',
    });
  }
  const plane = await connectToApp(context, options);
  const reason = await reasonOf(context, environment, options);
  const { openProgram } = await import('../sessions/open-program.ts');
  const { shareConsole } = await import('../sessions/share-console.ts');
  const program = await openProgram(plane, { environment, service: name }, 'runOnce');
  const exitCode = await shareConsole(program, {
    ...{ argv, reason, slot: null },
    wantsTerminal: options.terminal && context.canAsk,
    console: context.console,
    onSignal: (signals, handler) => context.onSignal(signals, handler),
  });
  return exitCode ?? exitCodeOf('internal');
}

/** Where one is needed and somebody is there, they are asked; the control plane refuses what has none. */
async function reasonOf(context: Context, environment: string, options: RunOptions): Promise<string | undefined> {
  if (options.reason !== undefined || !context.canAsk || !wantsReason(environment)) return options.reason;
  const { text, isCancel } = await import('@clack/prompts');
  const answer = await text({ message: `Why in ${environment}? The journal keeps it.` });
  if (isCancel(answer)) throw new LotseError('cancelled', 'Nothing was run.');
  return answer;
}

async function runAsJob(context: Context, wanted: Wanted): Promise<number> {
  return await untilInterrupted(context, async (signal) => {
    const { environment, name, argv, options } = wanted;
    const plane = await connectToApp(context, options);
    const started = await start(plane, wanted);
    if (options.detach === true) return tellDetached(context, environment, started.key);
    const { out } = context;
    const ended = await followJob(started, { plane, environment, out, signal });
    if (out.isJson) out.json(ended);
    if (ended.state === 'running') {
      out.note(`You have left; the job goes on. \`lotse cancel ${environment} --job ${ended.key}\` ends it.`);
      return exitInterrupted;
    }
    if (ended.state === 'lost') out.warn(`Nobody knows how ${name ?? argv[0] ?? ''} (${ended.key}) ended.`);
    return exitCodeOfJob(ended);
  });
}

async function start(plane: ControlPlane, { environment, name, argv, options }: Wanted) {
  const isCommand = argv.length > 0;
  if (!isCommand && name === undefined) {
    throw new LotseError('bad-input', 'Either the name of a job, or a command after --', {
      hint: 'lotse run production reindex\nlotse run production web -- node scripts/count.ts',
    });
  }
  return await plane.startJob(environment, {
    ...(isCommand ? { argv: [...argv] } : { job: name }),
    ...(isCommand && name !== undefined ? { service: name } : {}),
    ...(options.within === undefined ? {} : { withinMs: parseDurationMs(options.within) }),
    ...(options.reason === undefined ? {} : { reason: options.reason }),
  });
}

function tellDetached({ out }: Context, environment: string, key: string): number {
  if (out.isJson) out.json({ key });
  else out.line(key);
  out.note(`It runs on. \`lotse logs ${environment} --job ${key} --follow\` shows what it writes,`);
  out.note(`\`lotse cancel ${environment} --job ${key}\` ends it.`);
  return exitOk;
}
