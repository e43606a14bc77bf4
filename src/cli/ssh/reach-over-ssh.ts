import { Secret } from '../../core/secret.ts';
import type { Reached } from '../client.ts';
import { refuseWithoutCredential } from './local-credential.ts';
import { parseSshAddress } from './ssh-address.ts';
import { openSshWay, type SshWay } from './ssh-way.ts';

export interface SshReach {
  /** `ssh://user@host:port` */
  readonly server: string;
  readonly api: string;
  readonly state: string | null;
  readonly mayAsk: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** One of one's own is used: none is needed from there. */
  readonly hasToken: boolean;
}

/**
 * The way to a control plane's loopback by ssh, and the token that lies there for whoever may read it. Errors: those of
 * `openSshWay`; `forbidden` and `not-found` when a token is needed and none was found.
 */
export async function reachOverSsh(reach: SshReach): Promise<Reached> {
  const address = parseSshAddress(reach.server);
  const way = await openSshWay({ ...reach, address });
  const moved = movedTo(way, reach.api);
  if (moved !== null) return await reachOverSsh({ ...reach, api: moved });
  if (way.found.kind === 'here') {
    const { token } = way.found.credential;
    return { url: way.url, token: token === null ? null : new Secret(token), api: reach.api };
  }
  if (!reach.hasToken) throw refuseWithoutCredential(way.found, address);
  return { url: way.url, token: null, api: reach.api };
}

/** It listens elsewhere than was thought. */
function movedTo({ found }: SshWay, api: string): string | null {
  if (found.kind !== 'here') return null;
  const { host } = new URL(found.credential.server);
  return host === api ? null : host;
}
