import { LotseError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import type { Connection } from './client.ts';
import { findStateFolder, readClientFile } from './state-folder.ts';

export interface ConnectionInput {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** From `--state`: this folder and no other. */
  readonly state?: string;
}

/**
 * Which control plane is meant: `--state`, else LOTSE_SERVER with LOTSE_TOKEN, else the one whose state folder lies
 * here or above. LOTSE_TOKEN alone replaces the token of the local one.
 */
export function findConnection({ env, cwd, state }: ConnectionInput): Connection {
  const token = isSet(env.LOTSE_TOKEN) ? new Secret(env.LOTSE_TOKEN) : null;
  if (isSet(env.LOTSE_SERVER) && state === undefined) {
    return { server: serverAddress(env.LOTSE_SERVER), token, source: 'LOTSE_SERVER' };
  }
  const folder = state ?? findStateFolder(cwd);
  const local = folder === null ? null : readClientFile(folder);
  if (local === null) throw noControlPlane(folder, cwd);
  const written = local.token === null ? null : new Secret(local.token);
  return { server: serverAddress(local.server), token: token ?? written, source: local.file };
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

/** The origin alone. Throws `bad-input` for what is no http address. */
function serverAddress(written: string): string {
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
      'To use another one:   export LOTSE_SERVER=https://lotse.example LOTSE_TOKEN=…   (lotse token create)',
    ].join('\n'),
  });
}
