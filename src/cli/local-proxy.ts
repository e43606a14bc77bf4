import { join, resolve } from 'node:path';
import { LotseError } from '../core/errors.ts';
import type { RoutingDocument } from '../core/routing-document.ts';
import { nearestOf } from '../manifest/nearest.ts';
import { ProxyControl } from '../proxy/control-client.ts';
import { findAppFolder, readAppFolder } from './app-folder.ts';
import type { ConnectionOptions } from './command-options.ts';
import type { Context } from './context.ts';
import { findStateFolder } from './state-folder.ts';

/** An environment as the proxy knows it. */
export interface RoutedName {
  readonly app: string;
  readonly environment: string;
}

/** The proxy of a state folder on this machine, whether or not its control plane runs. Error: `not-found`. */
export function localProxy(context: Context, options: ConnectionOptions): ProxyControl {
  const state = options.state === undefined ? findStateFolder(context.cwd) : resolve(context.cwd, options.state);
  if (state !== null) return new ProxyControl(join(state, 'proxy'));
  throw new LotseError('not-found', `There is no state folder .lotse in ${context.cwd} or above it`, {
    hint: 'Name it: --state FOLDER. The proxy is asked on the machine that it runs on.',
  });
}

/** The environment that is meant: of the named app, of the nearest lotse.yaml, or of the only app that has it. */
export function findRoutedEnvironment(
  document: RoutingDocument | null,
  environment: string,
  app: string | undefined,
  context: Context,
): RoutedName {
  const known: readonly RoutedName[] = document?.environments ?? [];
  const found = known.filter((each) => each.environment === environment && (app === undefined || each.app === app));
  const [first] = found;
  const preferred = found.find((each) => each.app === nearestApp(context)) ?? (found.length === 1 ? first : undefined);
  if (preferred !== undefined) return { app: preferred.app, environment };
  if (found.length > 1) {
    throw new LotseError('bad-input', `Which app? Several have an environment ${JSON.stringify(environment)}`, {
      hint: `Name one: ${found.map((each) => `--app ${each.app}`).join(', ')}.`,
    });
  }
  const names = known.map((each) => each.environment);
  const nearest = nearestOf(environment, names);
  const all = known.map((each) => `${each.app}/${each.environment}`).join(', ');
  const of = app === undefined ? '' : ` of ${app}`;
  throw new LotseError('not-found', `The proxy knows no environment ${JSON.stringify(environment)}${of}`, {
    hint:
      nearest === null || names.includes(environment) ? `It knows ${all || 'none yet'}.` : `Did you mean ${nearest}?`,
  });
}

/** A lotse.yaml that cannot be read must not keep anybody from switching back. */
function nearestApp(context: Context): string | null {
  try {
    return findAppFolder(context.cwd) === null ? null : readAppFolder(context.cwd, context.cwd).manifest.app;
  } catch {
    return null;
  }
}
