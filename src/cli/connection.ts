import { LotseError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import type { Connection, Reached } from './client.ts';
import { ContextBook, type NamedContext, type SavedContext } from './contexts/context-book.ts';
import { findStateFolder, readClientFile } from './state-folder.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface ConnectionInput {
  readonly env: Environment;
  readonly cwd: string;
  /** From `--state`: this folder and no other. */
  readonly state?: string;
  /** From `--context`: what was logged in to under that name. */
  readonly context?: string;
  /** Somebody sits at a terminal: ssh may ask. */
  readonly canAsk?: boolean;
}

/**
 * Which control plane is meant: `--state` or `--context`, else LOTSE_SERVER with LOTSE_TOKEN, else LOTSE_CONTEXT, else
 * what was logged in to last, else the one whose state folder lies here or above. LOTSE_TOKEN alone replaces the token
 * of any of them.
 */
export function findConnection(input: ConnectionInput): Connection {
  const { env, cwd, state, context } = input;
  if (state !== undefined && context !== undefined) {
    throw new LotseError('bad-input', '--state and --context name two control planes', { hint: 'Leave one out.' });
  }
  const token = isSet(env['LOTSE_TOKEN']) ? new Secret(env['LOTSE_TOKEN']) : null;
  const isNamed = state !== undefined || context !== undefined;
  if (isSet(env['LOTSE_SERVER']) && !isNamed) {
    return { server: serverAddress(env['LOTSE_SERVER']), token, source: 'LOTSE_SERVER' };
  }
  const saved = state === undefined ? savedContext(env, context) : null;
  if (saved !== null) {
    const isNamedHere = context !== undefined || isSet(env['LOTSE_CONTEXT']);
    return { ...connectionOf(saved, input, token), ...(isNamedHere ? {} : { isCurrent: true }) };
  }
  const folder = state ?? findStateFolder(cwd);
  const local = folder === null ? null : readClientFile(folder);
  if (local === null) throw noControlPlane(folder, cwd);
  const written = local.token === null ? null : new Secret(local.token);
  return { server: serverAddress(local.server), token: token ?? written, source: local.file };
}

function savedContext(env: Environment, wanted: string | undefined): NamedContext | null {
  const book = new ContextBook(env);
  const name = wanted ?? (isSet(env['LOTSE_CONTEXT']) ? env['LOTSE_CONTEXT'] : book.current);
  return name === null ? null : book.get(name);
}

/** `token`: in the place of the one that was saved. */
export function connectionOf(
  { name, context }: NamedContext,
  { env, canAsk = false }: Pick<ConnectionInput, 'env' | 'canAsk'>,
  token: Secret | null = null,
): Connection {
  const own = token ?? (context.token === null ? null : new Secret(context.token));
  const shared = {
    server: context.server,
    token: own,
    source: `the context ${name}`,
    advice: `It is the context ${name} (\`lotse context list\`). ${adviceFor(context)}`,
  };
  if (context.kind === 'https') return shared;
  return { ...shared, reach: async () => await reachBySsh(context, { env, canAsk, token: own }) };
}

function adviceFor(context: SavedContext): string {
  if (context.kind === 'https') return 'Look whether that server runs.';
  return `On the server, \`systemctl status lotse\` says how it stands; it is looked for at ${context.api} there.`;
}

interface SshWishes {
  readonly env: Environment;
  readonly canAsk: boolean;
  readonly token: Secret | null;
}

/** Loaded only when somebody logs in by ssh. */
async function reachBySsh(
  context: SavedContext & { kind: 'ssh' },
  { env, canAsk, token }: SshWishes,
): Promise<Reached> {
  const { reachOverSsh } = await import('./ssh/reach-over-ssh.ts');
  const reached = await reachOverSsh({ ...context, env, mayAsk: canAsk, hasToken: token !== null });
  return { ...reached, token: token ?? reached.token };
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

/** The origin alone. Throws `bad-input` for what is no http address. */
export function serverAddress(written: string): string {
  const url = URL.canParse(written) ? new URL(written) : null;
  if (url !== null && /^https?:$/.test(url.protocol)) return (url.origin + url.pathname).replace(/\/+$/, '');
  throw new LotseError('bad-input', `${JSON.stringify(written)} is not the address of a control plane`, {
    hint: 'It looks like http://127.0.0.1:7700 or https://lotse.example.',
  });
}

function noControlPlane(folder: string | null, cwd: string): LotseError {
  const where =
    folder === null ? `No control plane has its state in ${cwd} or above it` : `${folder} has no client.json`;
  return new LotseError('unreachable', `${where}, and LOTSE_SERVER is not set`, {
    hint: [
      'To start one here:    lotse up',
      'To use another one:   lotse login ssh://user@server   (or https://lotse.example)',
      'In a pipeline:        export LOTSE_SERVER=https://lotse.example LOTSE_TOKEN=…   (lotse token create)',
    ].join('\n'),
  });
}
