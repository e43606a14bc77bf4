import type { Command } from 'commander';
import { connectToApp, withApp, withFollowing, withHelp, type AppOptions } from '../command-options.ts';
import { changeAndRollOut, type ChangeOptions } from '../change-config.ts';
import { showConfig, showConfigDiff, showConfigHistory } from '../config-lines.ts';
import { configFromDotenv, exportConfig, pairsOf, placesOf } from '../config-words.ts';
import { untilInterrupted, type Context } from '../context.ts';
import { readAppFolder, findAppFolder } from '../app-folder.ts';
import { declaredVariables } from '../../manifest/environment-config.ts';

const reading = ['bad-input', 'unauthenticated', 'forbidden', 'not-found', 'unreachable'] as const;
const changing = [...reading, 'conflict', 'gate-closed', 'not-proven', 'returned', 'stranded', 'cancelled'] as const;

export function configCommand(command: Command, context: Context): void {
  withHelp(
    command,
    [
      ['lotse config list production', 'each value, where it comes from, and what runs'],
      ['lotse config set LOG_LEVEL=debug production', 'sets it, and rolls it out like a release'],
      ['lotse config set POOL=5 production --service web --no-deploy', 'with the next deploy'],
      ['lotse config unset LOG_LEVEL production', 'lotse.yaml decides again'],
      ['lotse config diff staging production', 'also versions (production@3) and revisions (production-7)'],
    ],
    { ok: 'done; after a change, it is live', errors: changing },
  );
  describeSet(command.command('set').summary('set values, and roll them out'), context);
  describeUnset(command.command('unset').summary('let lotse.yaml decide again, and roll that out'), context);
  describeApply(command.command('apply').summary('roll out what is set and does not run yet'), context);
  describeList(command.command('list').summary('list values, their sources, and what runs'), context);
  describeHistory(command.command('history').summary('list who changed what, when and why'), context);
  describeDiff(command.command('diff').summary('compare environments, versions or revisions'), context);
  describeImport(command.command('import').summary('set the values of a .env file'), context);
  describeExport(command.command('export').summary('write the values as a .env file'), context);
}

function describeSet(command: Command, context: Context): void {
  command
    .description(
      'Set config values of an environment, until they are unset: they win over lotse.yaml, which stays as it is. The release that serves is rolled out with them as a new revision, with the strategy, gates and judge of a deploy.',
    )
    .argument('<values-and-environment...>', 'NAME=VALUE …, then the environment')
    .option('--ahead', 'also names that no release declares yet')
    .option('--not-secret', 'this looks like a secret and is none');
  withChange(command, 'set');
  command.action(async (words: readonly string[], options: ChangeOptions) => {
    const { environment, set } = pairsOf(words, options);
    await change(context, environment, { set: set.map((each) => ({ ...each })) }, options);
  });
}

function describeUnset(command: Command, context: Context): void {
  command
    .description('Take back what was set: lotse.yaml decides again. It is rolled out like a release.')
    .argument('<names-and-environment...>', 'NAME …, then the environment');
  withChange(command, 'unset');
  command.action(async (words: readonly string[], options: ChangeOptions) => {
    const { environment, unset } = placesOf(words, options);
    await change(context, environment, { unset: unset.map((each) => ({ ...each })) }, options);
  });
}

function describeApply(command: Command, context: Context): void {
  command
    .description('Roll out what is set for an environment and does not run there yet, with the release that serves.')
    .argument('<environment>', 'where')
    .option('--reason <text>', 'for the journal');
  withFollowing(command);
  withApp(command);
  command.action(async (environment: string, options: ChangeOptions) => {
    await change(context, environment, null, { ...options, deploy: true });
  });
}

function withChange(command: Command, done: string): void {
  command
    .option('--service <name>', 'for this service alone')
    .option('--reason <text>', 'why, for the history and the journal')
    .option('--no-deploy', 'do not roll it out: the next deploy brings it');
  withFollowing(command);
  withApp(command);
  withHelp(command, [], { ok: `${done}, and live (settled with --until settled)`, errors: changing });
}

type Wanted = Parameters<typeof changeAndRollOut>[2];

async function change(context: Context, environment: string, wanted: Wanted, options: ChangeOptions): Promise<void> {
  const plane = await connectToApp(context, options);
  const isHere = findAppFolder(context.cwd) !== null;
  const here = isHere ? readAppFolder(context.cwd, context.cwd).manifest : null;
  // What the file here declares is meant for the release that will be made of it.
  const declared = here?.app === plane.app ? declaredVariables(here) : [];
  const ahead = options.ahead === true || wanted?.set?.every(({ variable }) => declared.includes(variable)) === true;
  context.exitCode = await untilInterrupted(context, (signal) =>
    changeAndRollOut({ context, plane, signal, options: { ...options, ahead } }, environment, wanted),
  );
}

function describeList(command: Command, context: Context): void {
  command.description('List the config of an environment.').argument('<environment>', 'where');
  withApp(command);
  withHelp(command, [], { ok: 'listed', errors: reading });
  command.action(async (environment: string, options: AppOptions) => {
    const plane = await connectToApp(context, options);
    const config = await plane.config(environment);
    if (context.out.isJson) context.out.json(config);
    else showConfig(config, context.out);
  });
}

function describeHistory(command: Command, context: Context): void {
  command.description('List every change of what is set, the newest first.').argument('<environment>', 'where');
  withApp(command);
  withHelp(command, [], { ok: 'listed', errors: reading });
  command.action(async (environment: string, options: AppOptions) => {
    const plane = await connectToApp(context, options);
    const versions = await plane.configHistory(environment);
    if (context.out.isJson) context.out.json(versions);
    else showConfigHistory(environment, versions, context.out);
  });
}

function describeDiff(command: Command, context: Context): void {
  command
    .description('Compare two sides: an environment, a version of what is set for it, or a revision.')
    .argument('<from>', 'production, production@3 or production-7')
    .argument('<to>', 'the same');
  withApp(command);
  withHelp(command, [['lotse config diff production@0 production', 'all that is set']], {
    ok: 'compared, whether they differ or not',
    errors: reading,
  });
  command.action(async (from: string, to: string, options: AppOptions) => {
    const plane = await connectToApp(context, options);
    const diff = await plane.compareConfig(from, to);
    if (context.out.isJson) context.out.json(diff);
    else showConfigDiff(diff, context.out);
  });
}

function describeImport(command: Command, context: Context): void {
  command
    .description('Set what a .env file on stdin has. Secrets in it are named and left out.')
    .argument('<environment>', 'where')
    .option('--only-declared', 'leave out names that no release declares')
    .option('--ahead', 'also names that no release declares yet')
    .option('--not-secret', 'nothing in it is a secret');
  withChange(command, 'set');
  command.action(async (environment: string, options: ChangeOptions) => {
    const plane = await connectToApp(context, options);
    const set = configFromDotenv(await context.readStdin(), await plane.config(environment), options, context.out);
    await change(context, environment, { set: set.map((each) => ({ ...each })) }, options);
  });
}

function describeExport(command: Command, context: Context): void {
  command
    .description('Write what jobs, or a service, are given as a .env file. Secrets are not in it.')
    .argument('<environment>', 'where')
    .option('--service <name>', 'what this service is given');
  withApp(command);
  withHelp(command, [['lotse config export staging > .env', '']], { ok: 'written', errors: reading });
  command.action(async (environment: string, options: ChangeOptions) => {
    const plane = await connectToApp(context, options);
    exportConfig(await plane.config(environment), options.service ?? null, context.out);
  });
}
