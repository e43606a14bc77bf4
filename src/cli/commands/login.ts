import type { Command } from 'commander';
import { LotseError } from '../../core/errors.ts';
import { Client } from '../client.ts';
import { withHelp, withJson } from '../command-options.ts';
import { connectionOf, serverAddress } from '../connection.ts';
import type { Context } from '../context.ts';
import { ContextBook, type SavedContext } from '../contexts/context-book.ts';
import { controlPlaneCalls } from '../control-plane.ts';
import { parseSshAddress } from '../ssh/ssh-address.ts';
import { defaultListen, parsePlace } from './serve.ts';

interface LoginOptions {
  readonly name?: string;
  readonly tokenStdin?: true;
  readonly state?: string;
  readonly api: string;
}

export function loginCommand(command: Command, context: Context): void {
  command
    .argument('<address>', 'https://lotse.example, or ssh://user@server for one that listens on its own loopback')
    .option('--name <name>', 'what the context is called (default: the name of the server)')
    .option('--token-stdin', 'read a token from standard input; without it one is asked for, and ssh needs none')
    .option('--state <folder>', 'with ssh: its state folder there (default: /var/lib/lotse, else ~/.lotse)')
    .option('--api <host:port>', 'with ssh and a token: where it listens there', defaultListen);
  withJson(command);
  withHelp(
    command,
    [
      ['lotse login ssh://lotse@de1.shop.example', 'by your ssh key; no port is open, no token is stored'],
      ['lotse login https://lotse.shop.example', 'asks for a token: `lotse token create` makes one'],
      ['lotse login https://lotse.shop.example --token-stdin <token.txt', 'the same without questions'],
      ['lotse login ssh://ann@de1.shop.example --token-stdin <token.txt', 'by ssh, and as yourself in the journal'],
    ],
    {
      ok: 'logged in; commands go there from now on',
      errors: ['bad-input', 'unauthenticated', 'forbidden', 'not-found', 'unreachable', 'wrong-version', 'timeout'],
    },
  );
  command.action(async (address: string, options: LoginOptions) => await login(context, address, options));
}

async function login(context: Context, address: string, options: LoginOptions): Promise<void> {
  const { out } = context;
  const book = new ContextBook(context.env);
  const wanted = await wantedContext(context, address, options);
  const name = options.name ?? nameFor(wanted);
  const connection = connectionOf({ name, context: wanted }, context);
  const client = new Client(connection);
  const { version } = await controlPlaneCalls.health(client);
  const me = await controlPlaneCalls.me(client);
  const found = await apiOf(wanted, client);
  book.save({ name, context: found });
  if (out.isJson) return out.json({ context: name, server: wanted.server, version, me });
  out.line(`${out.paint(out.symbols.done, 'green')} Lotse ${version} at ${wanted.server}`);
  out.line(`  You are ${me.name} (${me.roles.join(', ')}). Commands go there from now on, by the context ${name}.`);
}

async function wantedContext(context: Context, address: string, options: LoginOptions): Promise<SavedContext> {
  if (address.startsWith('ssh:')) {
    parseSshAddress(address);
    const token = options.tokenStdin === true ? await tokenFrom(context, true) : null;
    const { host, port } = parsePlace(options.api, '--api');
    return { kind: 'ssh', server: address, api: `${host}:${port}`, state: options.state ?? null, token };
  }
  const server = serverAddress(address);
  refusePlainText(server);
  return { kind: 'https', server, token: await tokenFrom(context, options.tokenStdin === true) };
}

/** A token that crosses a network in the clear is everybody's. */
function refusePlainText(server: string): void {
  const { protocol, hostname } = new URL(server);
  if (protocol === 'https:' || /^(?:localhost|127\.[0-9.]+|\[::1\])$/.test(hostname)) return;
  throw new LotseError('bad-input', `${server} would be sent your token in the clear`, {
    hint: `Use https://, or ssh: lotse login ssh://user@${hostname}`,
  });
}

async function tokenFrom(context: Context, fromStdin: boolean): Promise<string> {
  if (!fromStdin && !context.canAsk) {
    throw new LotseError('bad-input', 'A token is needed, and there is nobody to ask for it', {
      hint: 'Send it to standard input: lotse login https://… --token-stdin <token.txt',
    });
  }
  const token = (fromStdin ? await context.readStdin() : await typed()).trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new LotseError('bad-input', token === '' ? 'No token came' : 'That is no token: it has spaces or other signs', {
    hint: '`lotse token create NAME --role developer` makes one, where you are logged in already.',
  });
}

async function typed(): Promise<string> {
  const { password, isCancel } = await import('@clack/prompts');
  const answer = await password({ message: 'Token:' });
  if (isCancel(answer)) throw new LotseError('cancelled', 'You are not logged in.');
  return answer;
}

/** `de1.shop.example` */
function nameFor({ kind, server }: SavedContext): string {
  const host = kind === 'ssh' ? parseSshAddress(server).host : new URL(server).hostname;
  return host.replace(/^\[|\]$/g, '').replaceAll(':', '-');
}

/** What was found over there counts next time, so that the first connection is the right one. */
async function apiOf(wanted: SavedContext, client: Client): Promise<SavedContext> {
  if (wanted.kind === 'https') return wanted;
  const { api = wanted.api } = await client.reached();
  return { ...wanted, api };
}
