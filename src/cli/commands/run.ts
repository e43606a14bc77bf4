import { constants } from 'node:os';
import type { Command } from 'commander';
import type { JobView } from '../../capabilities/releases/releases-api.ts';
import { LotseError } from '../../core/errors.ts';
import { parseDurationMs } from '../../core/quantities.ts';
import { connectToApp, withApp, withHelp, type AppOptions } from '../command-options.ts';
import { untilInterrupted, type Context } from '../context.ts';
import { exitCodeOf, exitInterrupted, exitOk } from '../exit-codes.ts';
import { followJob } from '../follow-job.ts';

interface RunOptions extends AppOptions {
  readonly within?: string;
}

export function runCommand(command: Command, context: Context): void {
  command
    .argument('<environment>', 'where it runs: with the code, config and stores of what serves there')
    .argument('[job]', 'a job of lotse.yaml; or write a command after --')
    .option('--within <duration>', 'end it when it takes longer')
    .usage('<environment> <job> [options]\n       lotse run <environment> [options] -- <command> [argument…]');
  withApp(command);
  withHelp(
    command,
    [
      ['lotse run production reindex', 'a job of lotse.yaml'],
      ['lotse run production -- node scripts/count.ts --all', 'any command; no shell looks at it'],
      ["lotse run production -- sh -c 'ls | wc -l'", 'a shell, when you write one'],
    ],
    {
      ok: 'it ended with 0; any other end of the job is passed on',
      errors: ['bad-input', 'not-found', 'timeout', 'unreachable', 'cancelled'],
    },
  );
  command.action(async (environment: string, job: string | undefined, options: RunOptions) => {
    context.exitCode = await untilInterrupted(context, (signal) => run(context, { environment, job, options, signal }));
  });
}

interface Wanted {
  readonly environment: string;
  readonly job: string | undefined;
  readonly options: RunOptions;
  readonly signal: AbortSignal;
}

async function run(context: Context, { environment, job, options, signal }: Wanted): Promise<number> {
  const { out, passedOn } = context;
  const argv = passedOn === null ? undefined : [...passedOn];
  if ((argv === undefined || argv.length === 0) === (job === undefined)) {
    throw new LotseError('bad-input', 'Either the name of a job, or a command after --', {
      hint: 'lotse run production reindex\nlotse run production -- node scripts/count.ts',
    });
  }
  const plane = await connectToApp(context, options);
  const started = await plane.startJob(environment, {
    ...(job === undefined ? {} : { job }),
    ...(argv === undefined ? {} : { argv }),
    ...(options.within === undefined ? {} : { withinMs: parseDurationMs(options.within) }),
  });
  const ended = await followJob(started, { plane, environment, out, signal });
  if (out.isJson) out.json(ended);
  if (ended.state === 'running') {
    out.note(`You have left; the job goes on. \`lotse cancel ${environment} --job ${ended.key}\` ends it.`);
    return exitInterrupted;
  }
  if (ended.state === 'lost') out.warn(`Nobody knows how ${ended.key} ended.`);
  return exitCodeOfJob(ended);
}

/** As a shell says it: the job's own exit code, 128 and the signal's number, 70 when nobody knows. */
export function exitCodeOfJob(job: JobView): number {
  if (job.signal !== null) {
    const signals: Readonly<Record<string, number>> = constants.signals;
    return 128 + (signals[job.signal] ?? 0);
  }
  if (job.exitCode !== null) return job.exitCode;
  return job.state === 'succeeded' ? exitOk : exitCodeOf('internal');
}
