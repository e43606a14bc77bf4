import { LotseError } from '../../core/errors.ts';
import { parseServerAddress } from '../../core/server-address.ts';

/** Where an ssh server is. */
export interface SshAddress {
  /** Null: what the user's own configuration of ssh says. */
  readonly user: string | null;
  readonly host: string;
  readonly port: number | null;
}

/** `ssh://user@host:port`, of which only the host has to be there. Error: `bad-input`. */
export function parseSshAddress(word: string): SshAddress {
  const path = /^ssh:\/\/[^/]*(\/.+)$/.exec(word)?.[1];
  if (path !== undefined) {
    throw new LotseError('bad-input', `\`${path}\` has no place in the address of a control plane`, {
      hint: 'Write `ssh://USER@HOST` or `ssh://USER@HOST:PORT`; `--state` names its state folder there.',
    });
  }
  const parsed = parseServerAddress(word);
  if (parsed.kind === 'ssh') return { user: parsed.user, host: parsed.host, port: parsed.port };
  throw new LotseError('bad-input', `${word} is not reached by ssh`, { hint: 'Write `ssh://USER@HOST`.' });
}

/** What follows `ssh` on a command line, as a person would type it. */
export function sshTarget({ user, host, port }: SshAddress): string {
  const at = user === null ? host : `${user}@${host}`;
  return port === null ? at : `-p ${port} ${at}`;
}
