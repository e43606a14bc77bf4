import { LotseError } from '../../core/errors.ts';
import type { SshAddress } from './ssh-address.ts';

/** Where a control plane keeps its state when nobody says otherwise; `$HOME` is read there. */
const usualFolders = ['/var/lib/lotse', '$HOME/.lotse'] as const;

/** What a control plane has in its state folder for commands that are typed on its own machine. */
export interface LocalCredential {
  /** `http://127.0.0.1:7700` */
  readonly server: string;
  readonly token: string | null;
}

export type Found =
  | { readonly kind: 'here'; readonly credential: LocalCredential }
  /** It is there, and not for this user. */
  | { readonly kind: 'closed'; readonly file: string }
  | { readonly kind: 'none' };

const mark = 'lotse-way:';

/**
 * For the login shell of the other machine: says in one line what the first of these folders has, and ends with whoever
 * asked. `state`: that folder and no other. Error: `bad-input` for a folder with characters that a shell could take for
 * something else.
 */
export function credentialCommand(state: string | null): string {
  if (state !== null && !/^\/[A-Za-z0-9_.@+/-]*$/.test(state)) {
    throw new LotseError('bad-input', `${JSON.stringify(state)} cannot be a state folder on another machine`, {
      hint: 'Write its whole path, of letters, digits and `_ . @ + -`: `--state /srv/lotse`.',
    });
  }
  const folders = state === null ? usualFolders : [state];
  const words = folders.map((folder) => `"${folder}"`).join(' ');
  const script = [
    'f=',
    `for d in ${words}; do if [ -e "$d/client.json" ]; then f="$d/client.json"; break; fi; done`,
    `if [ -z "$f" ]; then echo "${mark} none"`,
    `elif [ -r "$f" ]; then printf "${mark} here "; tr -d "\\n" <"$f"; echo`,
    `else echo "${mark} closed $f"; fi`,
    'cat >/dev/null',
  ];
  return `sh -c '${script.join('; ').replaceAll('then;', 'then').replaceAll('do;', 'do')}'`;
}

/** Null: a line of something else, the greeting of a login shell say. */
export function readCredentialLine(line: string): Found | null {
  const [, kind, rest = ''] = new RegExp(`${mark} (none|here|closed) ?(.*)$`).exec(line) ?? [];
  if (kind === undefined) return null;
  if (kind === 'none') return { kind: 'none' };
  if (kind === 'closed') return { kind: 'closed', file: rest };
  const credential = parseCredential(rest);
  return credential === null ? { kind: 'none' } : { kind: 'here', credential };
}

function parseCredential(text: string): LocalCredential | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('server' in value)) return null;
    if (typeof value.server !== 'string' || !URL.canParse(value.server)) return null;
    const token = 'token' in value && typeof value.token === 'string' ? value.token : null;
    return { server: value.server, token };
  } catch {
    return null;
  }
}

/** What to say when there is no token of one's own, and none was found there. */
export function refuseWithoutCredential(found: Exclude<Found, { kind: 'here' }>, address: SshAddress): LotseError {
  const who = address.user ?? 'this user';
  if (found.kind === 'closed') {
    return new LotseError('forbidden', `${who} may not read ${found.file} on ${address.host}`, {
      hint: [
        `Log in as the user that runs Lotse there: lotse login ssh://lotse@${address.host}`,
        `Or with a token of your own:              lotse login ssh://${who}@${address.host} --token-stdin`,
      ].join('\n'),
    });
  }
  return new LotseError('not-found', `No control plane has its state on ${address.host} where it usually is`, {
    hint: `Looked in ${usualFolders.join(' and ').replace('$HOME', '~')}. \`--state /path/there\` names another folder, \`lotse install\` on the server sets one up.`,
  });
}
