import { LotseError } from '../../core/errors.ts';
import type { Source } from './source.ts';

interface ParsedAddress {
  /** Without a port, lower case. */
  readonly host: string;
  /** Where its pages and its interface are: those of ssh are at the same host by https. */
  readonly origin: string;
  /** `acme/shop`, without `.git`. */
  readonly path: string;
  readonly isWeb: boolean;
  /** Whoever listens on the way could read a token. */
  readonly isOpen: boolean;
}

const scpLike = /^(?<user>[\w.-]+)@(?<host>[\w.-]+):(?<path>[^/-].*)$/;
const loopback = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

/** Errors: `bad-input`. */
export function parseAddress(text: string): ParsedAddress {
  const short = scpLike.exec(text)?.groups;
  const url =
    short === undefined
      ? URL.canParse(text)
        ? new URL(text)
        : null
      : new URL(`ssh://${short['host']}/${short['path']}`);
  if (url === null || !['https:', 'http:', 'ssh:'].includes(url.protocol) || /\s/.test(text)) {
    throw new LotseError('bad-input', 'that is not the address of a repository', {
      hint: 'It looks like https://github.com/acme/shop.git or git@github.com:acme/shop.git.',
    });
  }
  if (url.password !== '' || (url.username !== '' && url.protocol !== 'ssh:') || url.search !== '' || url.hash !== '') {
    throw new LotseError('bad-input', 'the address of a repository holds no login', {
      hint: 'Set a token by `lotse secret set NAME build`, and name it by --token.',
    });
  }
  const path = url.pathname.replace(/^\/+|\/+$/g, '').replace(/\.git$/, '');
  if (!/^[\w.~-]+(?:\/[\w.~-]+)+$/.test(path))
    throw new LotseError('bad-input', 'the address names no repository: OWNER/NAME');
  const isWeb = url.protocol !== 'ssh:';
  const origin = isWeb ? url.origin : `https://${url.hostname}`;
  const isOpen = url.protocol === 'http:' && !loopback.test(url.hostname);
  return { host: url.hostname.toLowerCase(), origin, path, isWeb, isOpen };
}

const publicKinds: Readonly<Record<string, Source['kind']>> = {
  'github.com': 'github',
  'gitlab.com': 'gitlab',
  'gitea.com': 'gitea',
  'codeberg.org': 'gitea',
};

/** Errors: `bad-input` where it has to be said. */
export function kindOf({ host }: ParsedAddress, said: Source['kind'] | undefined): Source['kind'] {
  const kind = said ?? publicKinds[host];
  if (kind !== undefined) return kind;
  throw new LotseError('bad-input', `what is ${host}?`, { hint: 'Add --kind github, gitlab or gitea (also Forgejo).' });
}

/** Where the interface of a forge begins. */
export function interfaceOf(kind: Source['kind'], { host, origin }: ParsedAddress): string {
  switch (kind) {
    case 'github':
      return host === 'github.com' ? 'https://api.github.com' : `${origin}/api/v3`;
    case 'gitlab':
      return `${origin}/api/v4`;
    case 'gitea':
      return `${origin}/api/v1`;
  }
}

/** What git would refuse as the name of a branch (git-check-ref-format). Errors: `bad-input`. */
export function checkBranch(branch: string): void {
  // oxlint-disable-next-line no-control-regex
  const isWrong = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|^[-/.]|[/.]$|\.lock$/.test(branch);
  if (isWrong) throw new LotseError('bad-input', `${JSON.stringify(branch)} cannot be the name of a branch`);
}

/** Errors: `bad-input`. */
export function checkFolder(folder: string): void {
  if (folder === '' || folder.split('/').every((part) => /^[\w.@ -]+$/.test(part) && !/^(?:\.{1,2}|-.*)$/.test(part)))
    return;
  throw new LotseError('bad-input', `${JSON.stringify(folder)} is no folder inside a repository`, {
    hint: 'As in `apps/shop`: no slash before or behind it, and nothing that leads out.',
  });
}
