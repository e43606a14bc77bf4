import type { Command } from 'commander';
import { LotseError } from '../../core/errors.ts';
import { connectToApp, knownEnvironment, withApp, withHelp, type AppOptions } from '../command-options.ts';
import type { Context } from '../context.ts';
import type { RolloutView } from '../../capabilities/releases/releases-api.ts';
import type { RolloutCommand } from '../control-plane.ts';
import { hasEnded } from '../rollout-standing.ts';

interface SteerOptions extends AppOptions {
  readonly reason?: string;
}

interface Steering {
  readonly command: RolloutCommand;
  readonly ok: string;
  readonly said: string;
  /** Where users are divided and the judge is heard. */
  readonly saidOfCanary?: string;
}

export function pauseCommand(command: Command, context: Context): void {
  steer(command, context, {
    command: 'pause',
    ok: 'it holds where it stands, for a day at most',
    said: 'holds where it stands; it returns by itself when nobody resumes it within a day',
    saidOfCanary:
      'keeps the share of users that it has; harm that the judge finds still takes it back, and so does a day without anybody who resumes it',
  });
}

export function resumeCommand(command: Command, context: Context): void {
  steer(command, context, { command: 'resume', ok: 'it goes on', said: 'goes on' });
}

export function advanceCommand(command: Command, context: Context): void {
  steer(command, context, {
    command: 'advance',
    ok: 'it goes on to the next step',
    said: 'goes on to the next step',
    saidOfCanary: 'goes on to the next step without waiting for the judge to find it healthy',
  });
}

function steer(command: Command, context: Context, steering: Steering): void {
  command.argument('<environment>', 'where the rollout is under way').option('--reason <text>', 'why, for the journal');
  withApp(command);
  withHelp(command, [[`lotse ${steering.command} production`, '']], {
    ok: steering.ok,
    errors: ['forbidden', 'not-found', 'conflict', 'unreachable'],
  });
  command.action(async (environment: string, options: SteerOptions) => {
    const plane = await connectToApp(context, options);
    const { rollout } = await knownEnvironment(plane, environment);
    if (rollout === null || hasEnded(rollout)) {
      throw new LotseError('conflict', `No rollout is under way in ${environment}`);
    }
    await plane.commandRollout(rollout.id, steering.command, options.reason);
    const { out } = context;
    if (out.isJson) out.json(await plane.rollout(rollout.id));
    else out.line(`The rollout of ${rollout.release} to ${environment} ${wordsFor(steering, rollout)}.`);
  });
}

function wordsFor({ said, saidOfCanary }: Steering, { steps }: RolloutView): string {
  const isJudged = steps.some((step) => step.judged && step.state === 'running');
  return isJudged ? (saidOfCanary ?? said) : said;
}
