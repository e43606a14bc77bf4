import { request } from 'node:http';
import { text } from 'node:stream/consumers';

export interface PageAnswer {
  readonly status: number;
  readonly body: string;
}

/** One GET to this machine, on a connection of its own. `name` goes into `Host`: not every resolver knows *.localhost. */
export async function askPage(port: number, name = `127.0.0.1:${port}`): Promise<PageAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<PageAnswer>();
  const options = { host: '127.0.0.1', port, headers: { host: name, accept: 'text/html' }, agent: false } as const;
  const sent = request({ ...options, timeout: 30_000 }, (response) => {
    text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
  });
  sent.once('error', reject);
  sent.once('timeout', () => sent.destroy(new Error(`${name} did not answer within 30 s`)));
  sent.end();
  return await promise;
}
