import tls from 'node:tls';
import type net from 'node:net';
import type { RoutedCertificate } from '../../core/routing-document.ts';
import { ClientConnection } from '../client-connection.ts';
import type { DataPlane } from '../data-plane.ts';
import { Http2Connection } from '../http2/http2-connection.ts';
import type { Peer } from '../origin/peer.ts';
import { Certificates } from './certificates.ts';
import { certificateDigest, secureSettings } from './compile-certificate.ts';
import { TicketKeys } from './ticket-keys.ts';
import type { TicketSecret } from './ticket-keys.ts';
import { TlsHandshake } from './tls-handshake.ts';

/** An overload is no attack: a handshake this young, in milliseconds, is not given up for a newer one. */
const youngMs = 1_000;

/**
 * The TLS side of one worker's front: handshakes on accepted sockets, then HTTP/2 or HTTP/1.1 as the client chose by
 * ALPN. Loaded only when a document has TLS.
 */
export class TlsFront {
  readonly #plane: DataPlane;
  readonly #server: tls.Server;
  readonly #certificates = new Certificates();
  /** Oldest first. */
  readonly #handshakes = new Map<net.Socket, TlsHandshake>();
  readonly #tickets: TicketKeys;
  #rotateAtMs = 0;
  #sources: readonly RoutedCertificate[] = [];
  #sharedDigest = '';

  /** `tickets`: what all workers make the keys of session tickets from; null: this one is alone. */
  constructor(plane: DataPlane, tickets: TicketSecret | null) {
    this.#plane = plane;
    this.#tickets = tickets === null ? TicketKeys.random(Date.now()) : new TicketKeys(tickets);
    this.#server = tls.createServer({
      ...secureSettings,
      ALPNProtocols: ['h2', 'http/1.1'],
      SNICallback: (name, done) => done(null, this.#certificates.contextFor(name) ?? undefined),
      // The plane's clock comes first.
      handshakeTimeout: plane.limits.tlsHandshakeMs * 2,
    });
    this.#server.on('secureConnection', (socket) => this.#secured(socket));
    // The raw socket closes with it, and that is what a handshake looks at.
    this.#server.on('tlsClientError', (_error, socket) => {
      plane.failedHandshakes++;
      socket.destroy();
    });
  }

  /** Takes certificates into force for connections to come. Open ones stay as they are. */
  apply(certificates: readonly RoutedCertificate[]): void {
    this.#sources = certificates;
    this.#compile(true);
  }

  #compile(keepsCompiled: boolean): void {
    const nowMs = Date.now();
    const ticketKeys = this.#tickets.key(nowMs);
    this.#rotateAtMs = this.#tickets.validUntilMs(nowMs);
    this.#certificates.replace(this.#sources, ticketKeys, keepsCompiled);
    // Node.js compiles this one itself. Tickets are opened with its keys, whichever certificate is shown.
    const first = this.#sources.find((source) => this.#certificates.isUsable(source));
    const digest = `${first === undefined ? '' : certificateDigest(first)} ${ticketKeys.toString('base64')}`;
    if (digest === this.#sharedDigest) return;
    this.#sharedDigest = digest;
    const shown = first === undefined ? {} : { cert: first.chainPem, key: first.keyPem };
    this.#server.setSecureContext({ ...secureSettings, ...shown, ticketKeys });
  }

  /** `socket` may be paused and hold bytes of the client's that were read already. */
  accept(socket: net.Socket, port: number, peer: Peer): void {
    if (Date.now() >= this.#rotateAtMs) this.#compile(false);
    const nowMs = this.#plane.nowMs();
    if (this.#handshakes.size >= this.#plane.limits.tlsHandshakes && !this.#makeRoom(nowMs)) {
      socket.destroy();
      return;
    }
    const handshake = new TlsHandshake(socket, port, peer, nowMs + this.#plane.limits.tlsHandshakeMs);
    this.#handshakes.set(socket, handshake);
    this.#plane.admit(handshake);
    socket.once('close', () => this.#leave(handshake));
    this.#server.emit('connection', socket);
  }

  /** Those who only hold a place are the oldest. */
  #makeRoom(nowMs: number): boolean {
    const [oldest] = this.#handshakes.values();
    if (oldest === undefined || nowMs < oldest.untilMs - this.#plane.limits.tlsHandshakeMs + youngMs) return false;
    this.#leave(oldest);
    oldest.destroy();
    return true;
  }

  #leave(handshake: TlsHandshake): void {
    if (this.#handshakes.delete(handshake.socket)) this.#plane.forget(handshake);
  }

  #secured(socket: tls.TLSSocket): void {
    const handshake = this.#handshakes.get(rawSocketOf(socket));
    if (handshake === undefined) return void socket.destroy();
    this.#leave(handshake);
    if (socket.destroyed) return;
    const { port } = handshake;
    const peer = handshake.peer.secured();
    const serverName = typeof socket.servername === 'string' ? socket.servername.toLowerCase() : '';
    this.#plane.admit(
      socket.alpnProtocol === 'h2'
        ? new Http2Connection(this.#plane, socket, { port, peer, serverName })
        : new ClientConnection(this.#plane, socket, port, peer, serverName),
    );
  }
}

/** The socket that a TLS socket was made from. Node.js has no public name for it; its own timers go by it. */
function rawSocketOf(socket: tls.TLSSocket): net.Socket {
  // parsed: made from a net.Socket by `emit('connection')` above, and from nothing else
  return Reflect.get(socket, '_parent') as net.Socket;
}
