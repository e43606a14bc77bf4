import { Agent } from 'node:http';
import type { ClientRequestArgs } from 'node:http';
import { connect, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { EngineAddress } from './engine-address.ts';

type OnConnected = (error: Error | null, stream: Duplex) => void;

/** Opens connections to one engine. Kept ones do not hold the process. */
export class EngineAgent extends Agent {
  readonly #address: EngineAddress;

  constructor(address: EngineAddress, keepAlive: boolean) {
    // A tunnel's connection need not be a socket, and only a socket can be kept.
    super({ keepAlive: keepAlive && address.kind !== 'tunnel', maxFreeSockets: 4 });
    this.#address = address;
  }

  override createConnection(_options: ClientRequestArgs, onConnected?: OnConnected): Duplex | null | undefined {
    const address = this.#address;
    if (address.kind === 'socket') return connect({ path: address.path });
    const opening = address.kind === 'tls' ? openTls(address) : address.open();
    void opening.then(
      (stream) => onConnected?.(null, stream),
      // parsed: with an error nobody looks at the stream (node's own agents pass undefined too)
      (error: unknown) => onConnected?.(error instanceof Error ? error : new Error(String(error)), undefined as never),
    );
    return undefined;
  }
}

async function openTls(address: EngineAddress & { readonly kind: 'tls' }): Promise<Duplex> {
  const tls = await import('node:tls');
  const { host, port, ca, cert, key } = address;
  const name = isIP(host) === 0 ? { servername: host } : {};
  const stream = tls.connect({ host, port, ca, cert, key: key.reveal(), minVersion: 'TLSv1.2', ...name });
  return stream.setKeepAlive(true, 15_000); // A machine that has vanished ends streams that nobody writes to.
}
