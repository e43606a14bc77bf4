import { connect as connectSocket } from 'node:net';
import { toLotseError } from '../../core/errors.ts';
import { Client, urlPath, type Connection } from '../client.ts';
import { ControlPlane, controlPlaneCalls } from '../control-plane.ts';
import { count } from '../output.ts';
import { fail, ok, warn, type Check } from './check.ts';

export interface Seen {
  readonly checks: readonly Check[];
  /** Its clock, to the second; null when it did not answer. */
  readonly serverMs: number | null;
}

/** Does it answer, does it know who we are, and do the addresses that it names accept connections? */
export async function checkControlPlane(connection: Connection): Promise<Seen> {
  const name = 'control plane';
  const client = new Client(connection);
  const serverMs = await serverClock(connection);
  if (serverMs === null) {
    const advice = `${connection.source} names it; \`lotse up\` or \`lotse serve\` starts one here`;
    return { checks: [fail(name, `${connection.server} does not answer`, advice)], serverMs };
  }
  try {
    const me = await controlPlaneCalls.me(client);
    const who = ok(name, `${connection.server}, you are ${me.name} (${me.roles.join(', ')})`);
    return { checks: [who, await checkProxy(client)], serverMs };
  } catch (thrown) {
    const error = toLotseError(thrown);
    const advice =
      error.code === 'unauthenticated'
        ? 'set LOTSE_TOKEN; `lotse token create` makes one'
        : (error.hint ?? error.message);
    return { checks: [fail(name, `${connection.server}: ${error.message}`, advice)], serverMs };
  }
}

/** By its Date header; it needs no credential. */
async function serverClock({ server }: Connection): Promise<number | null> {
  try {
    const answer = await fetch(server + urlPath('/health', {}), { signal: AbortSignal.timeout(3000) });
    await answer.body?.cancel();
    const at = Date.parse(answer.headers.get('date') ?? '');
    return Number.isNaN(at) ? Date.now() : at;
  } catch {
    return null;
  }
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
