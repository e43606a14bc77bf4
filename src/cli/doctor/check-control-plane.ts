import { connect as connectSocket } from 'node:net';
import * as accounts from '../../capabilities/accounts/accounts-api.ts';
import { LotseError, toLotseError } from '../../core/errors.ts';
import { Client, urlPath, type Connection } from '../client.ts';
import { ControlPlane, controlPlaneCalls } from '../control-plane.ts';
import { count } from '../output.ts';
import { checkSecrets } from './check-secrets.ts';
import { checkUpgrade } from './check-upgrade.ts';
import { fail, ok, warn, type Check } from './check.ts';

export interface Seen {
  readonly checks: readonly Check[];
  /** Its clock, to the second; null when it did not answer. */
  readonly serverMs: number | null;
}

/**
 * Does it answer, does it know who we are, do the addresses that it names accept connections, and does it reach these
 * machines, and those that its environments run on?
 */
export async function checkControlPlane(connection: Connection, servers: readonly string[]): Promise<Seen> {
  const name = 'control plane';
  const client = new Client(connection);
  const health = await askHealth(client).catch(toLotseError);
  if (health instanceof LotseError) return { checks: [doesNotAnswer(name, connection, health)], serverMs: null };
  const { serverMs, version } = health;
  try {
    const me = await controlPlaneCalls.me(client);
    const who = ok(name, `Lotse ${version} at ${connection.server}, you are ${me.name} (${me.roles.join(', ')})`);
    const asked = [
      ...[await checkProxy(client), ...(await checkUpgrade(client, serverMs))],
      ...[...(await checkSecrets(client)), ...(await checkServers(client, servers))],
    ];
    return { checks: [who, ...asked], serverMs };
  } catch (thrown) {
    const error = toLotseError(thrown);
    const advice =
      error.code === 'unauthenticated'
        ? 'set LOTSE_TOKEN; `lotse token create` makes one'
        : (error.hint ?? error.message);
    return { checks: [fail(name, `${connection.server}: ${error.message}`, advice)], serverMs };
  }
}

function doesNotAnswer(name: string, connection: Connection, error: LotseError): Check {
  const advice = `${connection.source} names it; \`lotse up\` or \`lotse serve\` starts one here`;
  if (connection.reach === undefined) return fail(name, `${connection.server} does not answer`, advice);
  return fail(name, `${connection.server}: ${error.message}`, error.hint ?? connection.advice ?? advice);
}

/** Its version, and its clock by its Date header; that needs no credential. */
async function askHealth(client: Client): Promise<{ readonly serverMs: number; readonly version: string }> {
  const { url } = await client.reached();
  const answer = await fetch(url + urlPath('/health', {}), { signal: AbortSignal.timeout(3000) });
  const at = Date.parse(answer.headers.get('date') ?? '');
  const said = accounts.health.safeParse(await answer.json().catch(() => null));
  return { serverMs: Number.isNaN(at) ? Date.now() : at, version: said.success ? said.data.version : 'unknown' };
}

/** What users ask: the addresses of all environments that serve something. */
async function checkProxy(client: Client): Promise<Check> {
  const name = 'proxy';
  const apps = await controlPlaneCalls.apps(client);
  const views = (await Promise.all(apps.map((each) => new ControlPlane(client, each.app).environments()))).flat();
  const serving = views.filter((view) => view.release !== null && view.addresses.length > 0);
  if (serving.length === 0) return ok(name, 'nothing is deployed yet, so nothing is asked');
  const answers = await Promise.all(serving.map(async (view) => ({ view, isOpen: await opensAny(view.addresses) })));
  const closed = answers.filter((each) => !each.isOpen).map(({ view }) => `${view.app}/${view.environment}`);
  if (closed.length === 0)
    return ok(name, `${serving.length} of ${count(serving.length, 'environment')} can be reached`);
  return warn(name, `no connection to ${closed.join(', ')}`, 'from this machine; `lotse status` says how they stand');
}

async function checkServers(client: Client, servers: readonly string[]): Promise<readonly Check[]> {
  try {
    const looks = await controlPlaneCalls.lookAtServers(client, servers);
    return looks.flatMap(({ server, engine, problem, hint, findings }) =>
      engine === null
        ? [fail(server, problem ?? 'it does not answer', hint ?? 'look whether the machine runs')]
        : [ok(server, engine), ...findings.map(({ found, advice }) => warn(server, found, advice))],
    );
  } catch (thrown) {
    const { code, message, hint } = toLotseError(thrown);
    if (servers.length === 0 && (code === 'forbidden' || code === 'not-found')) return [];
    return [warn('servers', message, hint ?? 'they could not be looked at')];
  }
}

async function opensAny(addresses: readonly string[]): Promise<boolean> {
  const all = await Promise.all(addresses.filter((each) => URL.canParse(each)).map((each) => opens(new URL(each))));
  return all.includes(true);
}

function opens(url: URL): Promise<boolean> {
  // The resolver of the system may not know *.localhost (RFC 6761).
  const host = url.hostname.endsWith('.localhost') ? '127.0.0.1' : url.hostname;
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return new Promise((resolve) => {
    const socket = connectSocket({ host, port, timeout: 3000 });
    const end = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}
