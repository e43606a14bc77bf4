import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { LotseError, type ErrorCode } from '../core/errors.ts';
import { nearestOf } from '../manifest/nearest.ts';
import { Client } from './client.ts';
import { findConnection, type ConnectionInput } from './connection.ts';
import type { Context } from './context.ts';
import { ControlPlane, controlPlaneCalls } from './control-plane.ts';
import { findAppFolder, readAppFolder, shownPath } from './app-folder.ts';
import { exitCodeLines } from './exit-codes.ts';
import { findStateFolder } from './state-folder.ts';

/** Options of every command that speaks with a control plane. */
export interface ConnectionOptions {
  readonly state?: string;
  readonly context?: string;
}

/** Options of every command that is about an app. */
export interface AppOptions extends ConnectionOptions {
  readonly app?: string;
}

export function withJson(command: Command): Command {
  return command.option('--json', 'answer with JSON for scripts');
}

export function withConnection(command: Command): Command {
  return withJson(command)
    .option('--context <name>', 'the control plane that `lotse login` saved under that name')
    .option('--state <folder>', 'state folder of the control plane, instead of the nearest .lotse');
}

export function withApp(command: Command): Command {
  return withConnection(command).option('--app <name>', 'the app, instead of the one whose lotse.yaml is nearest');
}

/** For commands that follow a rollout. */
export function withFollowing(command: Command): Command {
  return command
    .addOption(new Option('--until <moment>', 'follow until then').choices(['live', 'settled']).default('live'))
    .option('--wait', 'go on following while a gate is shut or the rollout is paused');
}

/** Examples and exit codes under the options. */
export function withHelp(
  command: Command,
  examples: readonly (readonly [line: string, what: string])[],
  exitCodes: { readonly ok: string; readonly errors: readonly ErrorCode[] },
): Command {
  const width = Math.max(...examples.map(([line]) => line.length));
  const exampleLines = examples.map(([line, what]) => `  ${line.padEnd(width)}  ${what}`.trimEnd());
  const codes = exitCodeLines(exitCodes.errors, exitCodes.ok);
  return command.addHelpText('after', ['', 'Examples:', ...exampleLines, '', 'Exit codes:', ...codes].join('\n'));
}

export function connect(context: Context, options: ConnectionOptions): Client {
  const connection = findConnection(connectionInput(context, options));
  const above = connection.isCurrent === true ? findStateFolder(context.cwd) : null;
  if (above !== null) {
    const local = `${shownPath(above, context.cwd)}: --state ${shownPath(above, context.cwd)}`;
    context.out.note(context.out.paint(`With ${connection.source}, not with the control plane of ${local}`, 'dim'));
  }
  return new Client(connection);
}

export function connectionInput({ env, cwd, canAsk }: Context, { state, context }: ConnectionOptions): ConnectionInput {
  return {
    ...{ env, cwd, canAsk },
    ...(state === undefined ? {} : { state: resolve(cwd, state) }),
    ...(context === undefined ? {} : { context }),
  };
}

/** The control plane, for the app that is meant: --app, the nearest lotse.yaml, or the only one there is. */
export async function connectToApp(context: Context, options: AppOptions): Promise<ControlPlane> {
  const client = connect(context, options);
  return new ControlPlane(client, options.app ?? (await findAppName(context, client)));
}

async function findAppName(context: Context, client: Client): Promise<string> {
  if (findAppFolder(context.cwd) !== null) return readAppFolder(context.cwd, context.cwd).manifest.app;
  const apps = await controlPlaneCalls.apps(client);
  const [only] = apps;
  if (only !== undefined && apps.length === 1) return only.app;
  throw new LotseError('bad-input', 'Which app? There is no lotse.yaml here or above', {
    hint:
      apps.length === 0
        ? `The control plane at ${client.connection.server} knows no app yet: \`lotse deploy\` in the folder of one.`
        : `Name one: ${apps.map((each) => `--app ${each.app}`).join(', ')}.`,
  });
}

/** Says which name was probably meant, when the control plane does not know the environment. */
export async function knownEnvironment(plane: ControlPlane, environment: string) {
  try {
    return await plane.environment(environment);
  } catch (thrown) {
    if (!(thrown instanceof LotseError) || thrown.code !== 'not-found') throw thrown;
    const names = (await plane.environments().catch(() => [])).map((each) => each.environment);
    const nearest = nearestOf(environment, names);
    throw new LotseError('not-found', `${plane.app} has no environment ${JSON.stringify(environment)}`, {
      hint: nearest === null ? `There are: ${names.join(', ') || 'none yet'}.` : `Did you mean ${nearest}?`,
      cause: thrown,
    });
  }
}
