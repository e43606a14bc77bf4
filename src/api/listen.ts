import type { FastifyInstance } from 'fastify';
import { createServer } from 'node:net';
import { LotseError } from '../core/errors.ts';

/** Errors: `port-taken`; `bad-input` for a host or port that this machine cannot listen on. */
export async function listen(server: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await server.listen({ host, port });
  } catch (error) {
    throw listenError(error, host, port, '--listen');
  }
}

/** Looks before anything is started whether a port can be opened. `option` names what chooses it. Errors: as `listen`. */
export async function refuseTakenPort(host: string, port: number, option = '--listen'): Promise<void> {
  const probe = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  probe.once('error', (error) => reject(listenError(error, host, port, option)));
  probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve()));
  await promise;
}

/** Where the server can be reached from this machine. Errors: `internal` before it listens. */
export function addressUrl(server: FastifyInstance): string {
  const address = server.server.address();
  if (address === null || typeof address === 'string')
    throw new LotseError('internal', 'The server does not listen yet.');
  const anywhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' };
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${anywhere[address.address] ?? host}:${address.port}`;
}

function listenError(error: unknown, host: string, port: number, option: string): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  switch (error.code) {
    case 'EADDRINUSE':
      return new LotseError('port-taken', `Port ${port} on ${host} is taken by another program.`, {
        hint: `Stop that program (\`ss -ltnp 'sport = :${port}'\` names it), or choose another port with ${option}.`,
        cause: error,
      });
    case 'EACCES':
      return new LotseError('bad-input', `Port ${port} may not be opened by this user.`, {
        hint: `Choose a port above 1023 with ${option}.`,
        cause: error,
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new LotseError('bad-input', `${host} is no address of this machine.`, {
        hint: `Choose another one with ${option}: 127.0.0.1 for this machine only, 0.0.0.0 for all its addresses.`,
        cause: error,
      });
    default:
      return error;
  }
}
