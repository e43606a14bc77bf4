import type { FastifyInstance } from 'fastify';
import { LotseError } from '../core/errors.ts';

/** Errors: `port-taken`; `bad-input` for a host or port that this machine cannot listen on. */
export async function listen(server: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await server.listen({ host, port });
  } catch (error) {
    throw listenError(error, host, port);
  }
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

function listenError(error: unknown, host: string, port: number): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  switch (error.code) {
    case 'EADDRINUSE':
      return new LotseError('port-taken', `Port ${port} on ${host} is taken by another program.`, {
        hint: `Stop that program (\`ss -ltnp 'sport = :${port}'\` names it), or choose another port with --port.`,
        cause: error,
      });
    case 'EACCES':
      return new LotseError('bad-input', `Port ${port} may not be opened by this user.`, {
        hint: 'Choose a port above 1023 with --port.',
        cause: error,
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new LotseError('bad-input', `${host} is no address of this machine.`, {
        hint: 'Choose another one with --host: 127.0.0.1 for this machine only, 0.0.0.0 for all its addresses.',
        cause: error,
      });
    default:
      return error;
  }
}
