import type { Command } from 'commander';
import { connectToApp, withApp, withHelp, type AppOptions } from '../command-options.ts';
import { untilInterrupted, type Context } from '../context.ts';
import { exitCodeOf, exitInterrupted, exitOk } from '../exit-codes.ts';
import { followJob } from '../follow-job.ts';

export function verifyCommand(command: Command, context: Context): void {
  command.argument('<environment>', 'which environment is asked, through its public route');
  withApp(command);
  withHelp(command, [['lotse verify production', 'the story of lotse.yaml, now']], {
    ok: 'it passed; the evidence is kept',
    errors: ['not-found', 'conflict', 'verification-failed', 'unreachable', 'cancelled'],
  });
  command.action(async (environment: string, options: AppOptions) => {
    context.exitCode = await untilInterrupted(context, (signal) => verify(context, environment, options, signal));
  });
}

async function verify(
  context: Context,
  environment: string,
  options: AppOptions,
  signal: AbortSignal,
): Promise<number> {
  const { out } = context;
  const plane = await connectToApp(context, options);
  const started = await plane.verify(environment);
  const ended = await followJob(started, { plane, environment, out, signal });
  if (out.isJson) out.json(ended);
  switch (ended.state) {
    case 'running':
      out.note('You have left; the verification goes on.');
      return exitInterrupted;
    case 'succeeded':
      out.line(out.paint(`${environment} verified`, 'green', 'bold'));
      return exitOk;
    case 'failed':
    case 'lost': {
      const how =
        ended.signal ?? (ended.exitCode === null ? 'nobody knows how it ended' : `exit code ${ended.exitCode}`);
      out.line(`${out.paint(`${environment} not verified`, 'red', 'bold')}  ${how}`);
      return exitCodeOf('verification-failed');
    }
  }
}
