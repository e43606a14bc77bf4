import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { createServer } from '../../src/api/server.ts';
import type { ApiServer, ServerOptions } from '../../src/api/server.ts';
import { openAccounts } from '../../src/capabilities/accounts/open-accounts.ts';
import type { Accounts } from '../../src/capabilities/accounts/open-accounts.ts';
import type { NewTokenView, Role, TokenRequest } from '../../src/capabilities/accounts/accounts-api.ts';
import type { DatabaseJournal } from '../../src/database/journal.ts';
import { temporaryDatabase } from '../../src/database/temporary-database.ts';

export interface Ask {
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly body?: string | Buffer;
}

export interface Told {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Of a JSON answer, else null. */
  readonly json: unknown;
}

export interface TemporaryServer {
  readonly server: ApiServer;
  readonly url: string;
  readonly accounts: Accounts;
  readonly journal: DatabaseJournal;
  /** What the server logged. */
  readonly logged: readonly { readonly fields: object; readonly message: string }[];
  /** Milliseconds by which the clock of the accounts is ahead. */
  readonly clock: { aheadMs: number };
  ask(at: string, ask?: Ask): Promise<Told>;
  /** Headers have come, the body has not. */
  open(at: string, ask?: Ask): Promise<IncomingMessage>;
  newToken(roles: readonly Role[], more?: Partial<TokenRequest>, person?: string | null): Promise<NewTokenView>;
  /** Signs the owner in; gives back a Cookie header. */
  signIn(): Promise<string>;
}

/** A real server on a free port with a real database, gone after the test. */
export async function temporaryServer(t: TestContext, options: Partial<ServerOptions> = {}): Promise<TemporaryServer> {
  const { database, journal } = await temporaryDatabase(t);
  const clock = { aheadMs: 0 };
  const accounts = openAccounts({ database, journal, fence: () => 1, now: () => Date.now() + clock.aheadMs });
  const logged: { fields: object; message: string }[] = [];
  const log = { error: (fields: object, message: string) => void logged.push({ fields, message }) };
  const given = { routes: [], accounts, changes: journal, webFolder: null, version: '1.2.3', log };
  const server = await createServer({ ...given, ...options });
  const url = await server.listen({ port: 0 });
  t.after(() => server.close());
  const open = (at: string, more?: Ask): Promise<IncomingMessage> => send(url, at, more);
  return {
    ...{ server, url, accounts, journal, logged, clock, open },
    ask: async (at, more) => told(await open(at, more)),
    newToken: (roles, more = {}, person = null) =>
      accounts.tokens.createForLotse(
        { name: 'test', roles: [...roles], speaksFor: 'system', app: null, environments: null, validMs: null, ...more },
        person,
      ),
    async signIn() {
      const owner = await accounts.people.ensureOwner();
      const link = await accounts.sessions.createLink(owner.id, { kind: 'system', id: 'lotse' });
      const answer = await told(await open('POST /api/v1/session', { json: { link: link.secret } }));
      return cookieOf(answer);
    },
  };
}

/** The cookie that an answer sets, as a Cookie header. */
export function cookieOf({ headers }: Told): string {
  return (headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '';
}

async function send(
  address: string,
  at: string,
  { token, headers = {}, json, body }: Ask = {},
): Promise<IncomingMessage> {
  const [method = '', path = ''] = at.split(' ');
  const sent = request(`${address}${path}`, {
    method,
    agent: false,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
  });
  sent.end(json === undefined ? body : JSON.stringify(json));
  const [response]: IncomingMessage[] = await once(sent, 'response');
  if (response === undefined) throw new Error('no response');
  return response;
}

async function told(response: IncomingMessage): Promise<Told> {
  const body = await text(response);
  const isJson = /json/.test(response.headers['content-type'] ?? '') && body !== '';
  const json: unknown = isJson ? JSON.parse(body) : null;
  return { status: response.statusCode ?? 0, headers: response.headers, text: body, json };
}
