import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { WebSocket } from 'ws';
import { sessionRoutes } from '../../capabilities/releases/session-api.ts';
import { LotseError, toLotseError } from '../../core/errors.ts';
import { urlPath } from '../client.ts';
import type { ControlPlane } from '../control-plane.ts';
import { packageVersion } from '../package-version.ts';
import { problemOf } from '../problem.ts';

const handshakeMs = 30_000;

/** The way to a program: in an instance of a service, or in a place of its own. Errors: what the control plane refuses with; `unreachable`. */
export async function openProgram(
  plane: ControlPlane,
  place: { readonly environment: string; readonly service: string },
  route: keyof typeof sessionRoutes,
): Promise<WebSocket> {
  const { url, token } = await plane.client.reached();
  const [, template = ''] = sessionRoutes[route].split(' ');
  const address = `${url.replace(/^http/, 'ws')}${urlPath(template, { path: { app: plane.app, ...place } })}`;
  const socket = new WebSocket(address, {
    headers: {
      'user-agent': `lotse-cli/${packageVersion}`,
      ...(token === null ? {} : { authorization: `Bearer ${token.reveal()}` }),
    },
    handshakeTimeout: handshakeMs,
    perMessageDeflate: false,
  });
  const refused = new Promise<never>((_, reject) => {
    socket.once('unexpected-response', (_request, response) => {
      const problem = text(response).then((body) => problemOf(response.statusCode ?? 0, body, route));
      void problem.then(reject, reject);
    });
  });
  refused.catch(() => undefined);
  try {
    await Promise.race([once(socket, 'open'), refused]);
    return socket;
  } catch (thrown) {
    socket.on('error', () => undefined);
    socket.terminate();
    const error = toLotseError(thrown);
    if (error.code !== 'internal') throw error;
    const { server, advice } = plane.client.connection;
    throw new LotseError('unreachable', `No control plane answers at ${server} (${error.message})`, {
      ...(advice === undefined ? {} : { hint: advice }),
      cause: thrown,
    });
  }
}
