import type { Command } from 'commander';
import { connectToApp, withApp, withFollowing, withHelp, type AppOptions } from '../command-options.ts';
import { untilInterrupted, type Context } from '../context.ts';
import type { ControlPlane } from '../control-plane.ts';
import { findAppFolder, readAppFolder } from '../app-folder.ts';
import { defaultEnvironment, routeTo, type OrderedEnvironment } from '../../manifest/promotion-route.ts';
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
  const order = await orderOf(context, plane, options);
  const target = named ?? defaultEnvironment(order);
  const before = routeTo(target, order).at(-2) ?? null;
  if (before === null && options.release === undefined) {
    throw new LotseError('bad-input', `Nothing comes before ${target}, so nothing can be promoted to it`, {
      hint: `\`lotse deploy ${target}\` brings a commit there.`,
    });
  }
  const release = options.release ?? (await verifiedLast(plane, before ?? target));
  const { reason, until, wait: waits = false } = options;
  const rollout = await plane.startRollout(target, { release, ...(reason === undefined ? {} : { reason }) });
  const { out } = context;
  const reached = await follow({ plane, out, waits, signal }, rollout, until);
  if (out.isJson) out.json({ ...reached.stop, exitCode: reached.exitCode });
  return reached.exitCode;
}

/** From lotse.yaml here: the control plane does not know an environment before its first release. */
async function orderOf(
  context: Context,
  plane: ControlPlane,
  options: PromoteOptions,
): Promise<readonly OrderedEnvironment[]> {
  const known = await plane.environments();
  const isHere = options.app === undefined && findAppFolder(context.cwd) !== null;
  const written = isHere ? readAppFolder(context.cwd, context.cwd).manifest.environments : [];
  const unknown = written.filter((each) => !known.some((other) => other.environment === each.environment));
  return [...known, ...unknown];
}

async function verifiedLast(plane: ControlPlane, environment: string): Promise<string> {
  const newest = (await plane.releases()).toSorted((a, b) => b.number - a.number);
  const found = newest.find((release) => release.verifiedIn.includes(environment));
  if (found !== undefined) return found.id;
  throw new LotseError('gate-closed', `${environment} has not verified any release yet`, {
    hint: `\`lotse deploy ${environment}\` first.`,
  });
}
