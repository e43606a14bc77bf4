import { resolve } from 'node:path';
import type { Command } from 'commander';
import { LotseError } from '../../core/errors.ts';
import { shownPath } from '../app-folder.ts';
import { withHelp, withJson } from '../command-options.ts';
import type { Context } from '../context.ts';
import { ControlPlaneProcess, type Ended } from '../control-plane-process.ts';
import { exitCodeOf, exitOk } from '../exit-codes.ts';
import { findStateFolder, stateFolderName } from '../state-folder.ts';

/** Where the control plane and the apps answer. */
export interface PlaceOptions {
  readonly listen: string;
  readonly http?: string;
}

/** What its apps run on. */
export interface EngineOptions {
  readonly docker?: string;
}

interface ServeOptions extends PlaceOptions, EngineOptions {
  readonly state?: string;
}

export const defaultListen = '127.0.0.1:7700';
export const dockerOption = [
  '--docker <address>',
  'the Docker engine for apps with a Dockerfile (default: DOCKER_HOST, else unix:///var/run/docker.sock)',
] as const;

export function serveCommand(command: Command, context: Context): void {
  command
    .option('--state <folder>', 'where it keeps everything (default: the nearest .lotse, else ./.lotse)')
    .option('--listen <host:port>', 'where the API and the dashboard answer', defaultListen)
    .option('--http <host:port>', 'where the apps answer by name (default: 127.0.0.1:8080)')
    .option(...dockerOption)
    .usage('[options] [-- <options of the control plane>]');
  withJson(command);
  withHelp(
    command,
    [
      ['lotse serve', 'in the foreground, as a service manager wants it'],
      ['lotse serve --state /srv/lotse --listen 127.0.0.1:7800', ''],
      ['lotse serve --docker unix:///srv/docker/docker.sock', 'another Docker engine of this machine'],
    ],
    {
      ok: 'it was asked to end; apps and proxy go on serving, and the next start takes them over',
      errors: ['bad-input', 'port-taken', 'locked', 'disk-full', 'journal-damaged', 'state-too-new', 'internal'],
    },
  );
  command.action(async (options: ServeOptions) => {
    context.exitCode = await serve(context, options);
  });
}

async function serve(context: Context, options: ServeOptions): Promise<number> {
  const { out } = context;
  const state = stateFolderFor(context, options.state);
  const plane = new ControlPlaneProcess({
    args: [
      'serve',
      '--state',
      state,
      ...placeArguments(options),
      ...engineArguments(options),
      ...(context.passedOn ?? []),
    ],
    cwd: context.cwd,
    output: 'inherit',
    onMessage: (message) => {
      if (message.kind === 'progress') out.note(message.text);
    },
  });
  let wasAsked = false;
  const stop = context.onSignal(['SIGINT', 'SIGTERM', 'SIGHUP'], () => {
    wasAsked = true;
    plane.kill('SIGTERM');
  });
  try {
    const ready = await plane.ready();
    if (out.isJson) out.jsonLine({ server: ready.server, signIn: ready.signIn, state, pid: plane.pid ?? null });
    else {
      out.line(
        `${out.paint('Lotse serves', 'green', 'bold')}  ${ready.server}  ${out.paint(`state in ${shownPath(state, context.cwd)}`, 'dim')}`,
      );
      if (ready.signIn !== null) out.line(`Sign in (works once): ${ready.signIn}`);
    }
    return exitCodeOfEnd(await plane.ended, wasAsked);
  } catch (thrown) {
    if (wasAsked) return exitOk;
    throw thrown;
  } finally {
    stop();
  }
}

/** An end that was asked for is none to worry about, whatever way it came. */
export function exitCodeOfEnd({ exitCode }: Ended, wasAsked: boolean): number {
  if (wasAsked && (exitCode === null || exitCode === exitOk)) return exitOk;
  return exitCode ?? exitCodeOf('internal');
}

/** Where a control plane that is started here keeps its state. */
export function stateFolderFor(context: Context, named: string | undefined): string {
  return resolve(context.cwd, named ?? findStateFolder(context.cwd) ?? stateFolderName);
}

/** As main.ts takes it. Throws `bad-input` for what is not HOST:PORT. */
export function placeArguments({ listen, http }: PlaceOptions): readonly string[] {
  const api = parsePlace(listen, '--listen');
  const front = http === undefined ? null : parsePlace(http, '--http');
  return [
    '--listen',
    `${api.host}:${api.port}`,
    ...(front === null ? [] : ['--front-host', front.host, '--front-port', `${front.port}`]),
  ];
}

/** As main.ts takes it. Throws `bad-input` for what is no socket of this machine. */
export function engineArguments({ docker }: EngineOptions): readonly string[] {
  if (docker === undefined) return [];
  if (/^unix:\/\/\/./.test(docker)) return ['--docker', docker];
  throw new LotseError('bad-input', `--docker takes the socket of a Docker engine, not ${JSON.stringify(docker)}`, {
    hint: 'For example --docker unix:///var/run/docker.sock. Engines on other machines are not built yet.',
  });
}

export function parsePlace(written: string, option: string): { readonly host: string; readonly port: number } {
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(written) ?? [];
  if (host !== '' && Number(port) <= 65_535) return { host, port: Number(port) };
  throw new LotseError('bad-input', `${option} takes HOST:PORT, not ${JSON.stringify(written)}`, {
    hint: `For example ${option} 127.0.0.1:7800.`,
  });
}
