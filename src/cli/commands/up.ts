import { resolve } from 'node:path';
import type { Command } from 'commander';
import { LotseError, toLotseError } from '../../core/errors.ts';
import { formatElapsedMs } from '../../core/quantities.ts';
import { devEnvironment } from '../../manifest/names.ts';
import { readAppFolder, shownPath, type AppFolder } from '../app-folder.ts';
import { buildRelease } from '../build-release.ts';
import { withHelp, withJson } from '../command-options.ts';
import type { Context } from '../context.ts';
import { ControlPlane, controlPlaneCalls } from '../control-plane.ts';
import type { ControlPlaneProcess } from '../control-plane-process.ts';
import { exitCodeOf, exitOk } from '../exit-codes.ts';
import { sayNotableEvents } from '../notable-events.ts';
import { attachOrStart, lastLines, type RunningControlPlane } from '../own-control-plane.ts';
import { defaultEnvironment, routeTo } from '../../manifest/promotion-route.ts';
import { reportError } from '../report-error.ts';
import { resumeServing } from '../resume-serving.ts';
import { travel } from '../travel.ts';
import {
  defaultListen,
  dockerOption,
  engineArguments,
  placeArguments,
  stateFolderFor,
  type EngineOptions,
  type PlaceOptions,
} from './serve.ts';
import { runDev } from '../up-dev.ts';

export interface UpOptions extends PlaceOptions, EngineOptions {
  readonly withExample?: string;
  readonly state?: string;
  readonly commit?: string;
  readonly dirty?: true;
}

export function upCommand(command: Command, context: Context): void {
  command
    .argument('[environment]', 'how far: left out, to the end of the order; `dev` runs the working tree instead')
    .option('--with-example <folder>', 'the app in this folder, with the state here')
    .option('--state <folder>', 'where Lotse keeps everything (default: the nearest .lotse, else ./.lotse)')
    .option('--listen <host:port>', 'where the API and the dashboard answer', defaultListen)
    .option('--http <host:port>', 'where the apps answer by name (default: 127.0.0.1:8080)')
    .option(...dockerOption)
    .option('--commit <ref>', 'this commit, branch or tag instead of what lies in the folder')
    .option('--dirty', 'the working tree as it is, marked so')
    .usage('[environment] [options] [-- <options of the control plane>]');
  withJson(command);
  withHelp(
    command,
    [
      ['lotse up', 'everything, here, in the foreground'],
      ['lotse up staging', 'no further than staging'],
      ['lotse up dev', 'the working tree; a service restarts when its files change'],
    ],
    {
      ok: 'Ctrl-C: all that was started is drained and stopped',
      errors: ['bad-input', 'manifest-invalid', 'port-taken', 'locked', 'disk-full', 'state-too-new', 'internal'],
    },
  );
  command.action(async (environment: string | undefined, options: UpOptions) => {
    const folder = resolve(context.cwd, options.withExample ?? '.');
    const app = readAppFolder(folder, context.cwd);
    const isDev = environment === devEnvironment;
    context.exitCode = isDev ? await runDev(context, app, options) : await up(context, app, environment, options);
  });
}

async function up(
  context: Context,
  app: AppFolder,
  environment: string | undefined,
  options: UpOptions,
): Promise<number> {
  const startedMs = performance.now();
  const environments = app.manifest.environments;
  const route = routeTo(environment ?? defaultEnvironment(environments), environments);
  const ending = new Ending(context);
  try {
    const running = await start(context, options, ending);
    const plane = new ControlPlane(running.client, app.manifest.app);
    if (running.process !== null) await resumeServing({ plane, out: context.out, route, signal: ending.signal });
    await deploy(context, { app, plane, route, options, signal: ending.signal });
    if (!ending.signal.aborted)
      await summarize(context, { plane, route, running, tookMs: performance.now() - startedMs });
    return await stay(context, plane, running, ending);
  } catch (thrown) {
    if (!ending.signal.aborted) ending.stopStarted();
    if (ending.signal.aborted && toLotseError(thrown).code !== 'internal') return await ending.finish(null);
    throw thrown;
  } finally {
    ending.close();
  }
}

async function start(context: Context, options: UpOptions, ending: Ending): Promise<RunningControlPlane> {
  const { out } = context;
  const state = stateFolderFor(context, options.state);
  const running = await attachOrStart(
    {
      state,
      cwd: context.cwd,
      out,
      more: [...placeArguments(options), ...engineArguments(options), ...(context.passedOn ?? [])],
    },
    (process) => ending.owns(process),
  );
  const where = shownPath(state, context.cwd);
  const words = running.process === null ? 'Lotse runs already' : 'Lotse is up';
  const { server } = running.client.connection;
  out.line(`${out.paint(out.symbols.done, 'green')} ${words}  ${server}  ${out.paint(`state in ${where}`, 'dim')}`);
  return running;
}

interface Deployment {
  readonly app: AppFolder;
  readonly plane: ControlPlane;
  readonly route: readonly string[];
  readonly options: UpOptions;
  readonly signal: AbortSignal;
}

/** A deploy that fails does not end `up`: what served before goes on, and the next deploy may be right. */
async function deploy(context: Context, { app, plane, route, options, signal }: Deployment): Promise<void> {
  const { out } = context;
  const { commit, dirty } = options;
  const source = {
    folder: app.folder,
    ...(commit === undefined ? {} : { commit }),
    ...(dirty === undefined ? {} : { dirty }),
  };
  try {
    const release = await buildRelease({ plane, out, source, signal });
    await travel({ plane, out, release, route, until: 'live', waits: false, signal, leavesSilently: true });
  } catch (thrown) {
    if (signal.aborted) return;
    if (toLotseError(thrown).code === 'internal') throw thrown;
    reportError(thrown, out, context.env);
    out.line('Lotse goes on running. Repair it, then `lotse deploy` in another terminal.');
  }
}

interface Summary {
  readonly plane: ControlPlane;
  readonly route: readonly string[];
  readonly running: RunningControlPlane;
  readonly tookMs: number;
}

async function summarize(context: Context, { plane, route, running, tookMs }: Summary): Promise<void> {
  const { out } = context;
  const views = await plane.environments();
  const shown = views.filter((view) => route.includes(view.environment) && view.addresses.length > 0);
  const signIn = running.signIn ?? (await controlPlaneCalls.signInLink(running.client)).url;
  const dashboard = running.client.connection.server;
  if (out.isJson) {
    return out.jsonLine({ app: plane.app, dashboard, signIn, environments: views, log: running.logFile });
  }
  out.line();
  out.pairs([
    ...shown.map((view) => [view.environment, view.addresses.join('  ')] as const),
    ['dashboard', dashboard],
    ['sign in', `${signIn}  ${out.paint('(works once; `lotse sign-in` makes another)', 'dim')}`],
    ['log', out.paint(shownPath(running.logFile, context.cwd), 'dim')],
  ]);
  out.line();
  const end =
    running.process === null
      ? 'Ctrl-C leaves; Lotse was running before and goes on.'
      : 'Ctrl-C drains and stops everything.';
  out.line(`${out.paint(`Ready after ${formatElapsedMs(tookMs)}.`, 'bold')} ${end}`);
}

/** Until Ctrl-C, or until the control plane ends by itself. */
async function stay(
  context: Context,
  plane: ControlPlane,
  running: RunningControlPlane,
  ending: Ending,
): Promise<number> {
  const talk = sayNotableEvents(plane, context.out, ending.signal).catch(() => undefined);
  const endedByItself = running.process?.ended ?? new Promise<never>(() => undefined);
  const end = await Promise.race([ending.asked, endedByItself]);
  if (end === 'asked') {
    await talk;
    return ending.finish(plane.app);
  }
  throw new LotseError('internal', `The control plane ended by itself (${end.signal ?? `exit code ${end.exitCode}`})`, {
    hint: 'Apps and proxy go on serving as they were; `lotse up` takes them over.',
    details: lastLines(running.logFile, 12),
  });
}

/** How `up` comes to its end: the first Ctrl-C stops what it started, the second one leaves it running. */
class Ending {
  readonly asked: Promise<'asked'>;
  readonly #context: Context;
  readonly #stop = new AbortController();
  readonly #unlisten: () => void;
  #process: ControlPlaneProcess | null = null;

  constructor(context: Context) {
    this.#context = context;
    this.asked = new Promise((resolve) => {
      this.#stop.signal.addEventListener('abort', () => resolve('asked'));
    });
    this.#unlisten = context.onSignal(['SIGINT', 'SIGTERM', 'SIGHUP'], () => this.#hear());
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  owns(process: ControlPlaneProcess): void {
    this.#process = process;
    if (this.signal.aborted) process.kill('SIGINT');
  }

  /** Something went wrong before anything was said: nothing that was started stays behind. */
  stopStarted(): void {
    this.#process?.kill('SIGINT');
  }

  async finish(app: string | null): Promise<number> {
    const { out } = this.#context;
    if (this.#process === null) {
      if (app !== null) out.line('You have left. The control plane goes on: it was not started from here.');
      return exitOk;
    }
    const { exitCode } = await this.#process.ended;
    if (exitCode === exitOk || exitCode === null) out.line('Stopped.');
    return exitCode ?? exitCodeOf('internal');
  }

  /** Whatever still listens to the control plane ends as well: it would keep this process alive. */
  close(): void {
    this.#unlisten();
    this.#stop.abort();
  }

  #hear(): void {
    const { out } = this.#context;
    const isFirst = !this.signal.aborted;
    this.#stop.abort();
    if (this.#process === null) return;
    out.line();
    out.line(
      isFirst
        ? 'Stopping: everything finishes what it has, then ends. Ctrl-C again leaves app and proxy serving.'
        : 'Leaving: app and proxy go on serving; `lotse up` takes them over.',
    );
    this.#process.kill(isFirst ? 'SIGINT' : 'SIGTERM');
  }
}
