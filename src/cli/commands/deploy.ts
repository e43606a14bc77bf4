import type { Command } from 'commander';
import { readAppFolder } from '../app-folder.ts';
import { buildRelease } from '../build-release.ts';
import { connect, withConnection, withFollowing, withHelp, type ConnectionOptions } from '../command-options.ts';
import { untilInterrupted, type Context } from '../context.ts';
import { ControlPlane } from '../control-plane.ts';
import { exitOk } from '../exit-codes.ts';
import { defaultEnvironment, routeTo } from '../../manifest/promotion-route.ts';
import { followPipeline, pipelineOfRelease } from '../follow-pipeline.ts';
import type { Until } from '../rollout-standing.ts';
import { travel, type Arrival } from '../travel.ts';

interface DeployOptions extends ConnectionOptions {
  readonly commit?: string;
  readonly dirty?: true;
  readonly only?: true;
  readonly reason?: string;
  readonly until: Until;
  readonly wait?: true;
}

export function deployCommand(command: Command, context: Context): void {
  command
    .argument('[environment]', 'where to; may be left out when the order has one end')
    .option('--commit <ref>', 'this commit, branch or tag instead of what lies in the folder')
    .option('--dirty', 'the working tree as it is, marked so')
    .option('--only', 'not through the environments before it')
    .option('--reason <text>', 'why, for the journal');
  withFollowing(command);
  withConnection(command);
  withHelp(
    command,
    [
      ['lotse deploy', 'staging, verification there, then production'],
      ['lotse deploy staging', 'no further than staging'],
      ['lotse deploy production --commit v1.4.2', 'what is tagged, not what lies here'],
      ['lotse deploy production --until settled', 'until its watch is over'],
    ],
    {
      ok: 'it is live (settled with --until settled), verified where the app has a verification',
      errors: [
        'bad-input',
        'manifest-invalid',
        'gate-closed',
        'not-proven',
        'quarantined',
        'build-failed',
        'disk-full',
        'returned',
        'stranded',
        'unreachable',
        'cancelled',
      ],
    },
  );
  command.action(async (environment: string | undefined, options: DeployOptions) => {
    context.exitCode = await untilInterrupted(context, (signal) => deploy(context, environment, options, signal));
  });
}

async function deploy(
  context: Context,
  named: string | undefined,
  options: DeployOptions,
  signal: AbortSignal,
): Promise<number> {
  const { out } = context;
  const { folder, manifest } = readAppFolder(context.cwd, context.cwd);
  const target = named ?? defaultEnvironment(manifest.environments);
  const wholeRoute = routeTo(target, manifest.environments);
  const route = options.only === true ? [target] : wholeRoute;
  const plane = new ControlPlane(connect(context, options), manifest.app);
  const { commit, dirty, reason, until, wait: waits = false } = options;
  const source = { folder, ...(commit === undefined ? {} : { commit }), ...(dirty === undefined ? {} : { dirty }) };
  const release = await buildRelease({ plane, out, source, signal });
  const pipeline = manifest.pipeline === undefined ? null : await pipelineOfRelease(plane, release.id);
  // How it has ended is for the gate to say, which a person may have passed.
  if (pipeline !== null && pipeline.endedAt === null) await followPipeline(pipeline, { plane, out, signal });
  const why = reason === undefined ? {} : { reason };
  const arrival = await travel({ plane, out, release, route, until, waits, signal, ...why });
  if (out.isJson) out.json({ release, environments: arrival.stops, exitCode: arrival.exitCode });
  else if (arrival.exitCode === exitOk) sayAddresses(arrival, context);
  return arrival.exitCode;
}

function sayAddresses({ stops }: Arrival, { out }: Context): void {
  const reachable = stops.filter((stop) => stop.addresses.length > 0);
  if (reachable.length === 0) return;
  out.line();
  out.pairs(reachable.map((stop) => [stop.environment, stop.addresses.join('  ')]));
}
