import { LotseError } from './errors.ts';

/** A word of `servers:`: a machine with a Docker engine, and how it is reached. */
export type ServerAddress =
  | {
      readonly kind: 'ssh';
      /** Null: what the user's own configuration of ssh says. */
      readonly user: string | null;
      /** A name, an IP address, or what that configuration calls a host. */
      readonly host: string;
      readonly port: number | null;
      /** Where the engine listens there. */
      readonly socket: string;
    }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

const usualSocket = '/var/run/docker.sock';
const usualSshPort = 22;
/** dockerd's own choice for TLS. */
const usualTlsPort = 2376;
const namePattern = /^(?:[A-Za-z0-9_][A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.]+\])$/;
const userPattern = /^[A-Za-z0-9_][A-Za-z0-9_.@+-]*$/;
const pathPattern = /^(?:\/[A-Za-z0-9_.@+-]+)+$/;
const wordPattern =
  /^(?<scheme>[a-z]+):\/\/(?:(?<user>[^/]*)@)?(?<host>\[[^\]/]*\]|[^/:]*)(?::(?<port>[^/]*))?(?<path>\/.*)?$/;

/**
 * `ssh://user@host:port/path/of/docker.sock`, of which only the host has to be there, or `tcp://host:port`. Error:
 * `bad-input` that says what is wrong with which word.
 */
export function parseServerAddress(word: string): ServerAddress {
  const parts = wordPattern.exec(word)?.groups;
  const refuse = (why: string): LotseError =>
    new LotseError('bad-input', `\`${withoutPassword(word)}\` is not the address of a server: ${why}`, {
      hint: 'Write `ssh://USER@HOST`, `ssh://USER@HOST:PORT`, or `tcp://HOST:2376` for an engine that listens with TLS.',
    });
  if (parts === undefined) throw refuse('it should begin with `ssh://` or `tcp://` and a host');
  const { scheme, user, host = '', port, path = '/' } = parts;
  if (scheme !== 'ssh' && scheme !== 'tcp') throw refuse(`\`${scheme}://\` is not among \`ssh://\` and \`tcp://\``);
  if (!namePattern.test(host)) throw refuse(host === '' ? 'the host is missing' : `\`${host}\` is not a host`);
  if (user?.includes(':') === true) throw refuse('a password has no place here; ssh uses your keys');
  if (user !== undefined && !userPattern.test(user)) throw refuse(`\`${user}\` is not a user`);
  if (port !== undefined && !isPort(port)) throw refuse(`\`${port}\` is not a port from 1 to 65535`);
  if (path !== '/' && !pathPattern.test(path)) throw refuse(`\`${path}\` is not the path of a socket`);
  const bare = host.replace(/^\[|\]$/g, '');
  if (scheme === 'ssh') {
    const socket = path === '/' ? usualSocket : path;
    return { kind: 'ssh', user: user ?? null, host: bare, port: port === undefined ? null : Number(port), socket };
  }
  if (user !== undefined) throw refuse('an engine that listens with TLS knows its clients by their certificates');
  if (path !== '/') throw refuse('a path belongs to `ssh://` only');
  return { kind: 'tcp', host: bare, port: port === undefined ? usualTlsPort : Number(port) };
}

/**
 * Equal for two words that lead to the same machine as far as that can be told from them: by whichever user, way or socket,
 * written with the usual port or without. Other ports may be forwarded to other machines.
 */
export function machineOf(address: ServerAddress): string {
  const { kind, host, port } = address;
  const usual = kind === 'ssh' ? usualSshPort : usualTlsPort;
  const name = canonicalHost(host);
  return port === null || port === usual ? name : `${name} ${port}`;
}

/** Does it say that it is the machine that asks? By another port that may be a way to another one. */
export function isThisMachine(address: ServerAddress): boolean {
  return /^(?:localhost|.*\.localhost|127\.[0-9.]+|\[::1\])$/.test(machineOf(address));
}

/** Names without case and last dot, IP addresses in their one short form (RFC 5952). */
function canonicalHost(host: string): string {
  const text = host.includes(':') ? `[${host}]` : host.replace(/\.$/, '');
  return URL.parse(`http://${text}`)?.hostname ?? text.toLowerCase();
}

function withoutPassword(word: string): string {
  return word.replace(/(\/\/[^/:@]*):[^/]*@/, '$1:…@');
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;
}
