import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';

export interface Visit {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One request on a connection of its own, never repeated. */
export async function visit(
  port: number,
  path = '/',
  body?: string | Buffer,
  host: string = '127.0.0.1',
): Promise<Visit> {
  const { promise, resolve, reject } = Promise.withResolvers<Visit>();
  const method = body === undefined ? 'GET' : 'POST';
  const sent = request({ host, port, path, method, agent: false, timeout: 60_000 }, (response) => {
    text(response).then(
      (read) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: read }),
      reject,
    );
  });
  sent.once('error', reject);
  sent.once('timeout', () => sent.destroy(new Error('no answer within a minute')));
  sent.end(body);
  return await promise;
}
