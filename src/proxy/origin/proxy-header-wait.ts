import type net from 'node:net';
import type { PlaneConnection } from '../plane-connection.ts';
import { readProxyHeader } from './proxy-protocol.ts';
import type { ProxyHeader } from './proxy-protocol.ts';

/** A connection that anything else may begin on only after its PROXY protocol header. Without one it is closed. */
export class ProxyHeaderWait implements PlaneConnection {
  readonly isBusy = false;
  readonly isIdle = true;
  readonly #socket: net.Socket;
  readonly #untilMs: number;
  /** Called once: with the header, the socket paused and what came behind the header unread; or with null, and closed. */
  readonly #onEnd: (header: ProxyHeader | null) => void;
  #bytes: Buffer | null = null;
  #isOver = false;
  readonly #receive = (bytes: Buffer): void => this.#read(bytes);
  readonly #fail = (): void => this.destroy();

  /** `untilMs`: the clock by which the header must be there. */
  constructor(socket: net.Socket, untilMs: number, onEnd: (header: ProxyHeader | null) => void) {
    this.#socket = socket;
    this.#untilMs = untilMs;
    this.#onEnd = onEnd;
    socket.on('data', this.#receive);
    for (const event of ['end', 'error', 'close']) socket.on(event, this.#fail);
  }

  #read(bytes: Buffer): void {
    const whole = this.#bytes === null ? bytes : Buffer.concat([this.#bytes, bytes]);
    const header = readProxyHeader(whole);
    if (header === 'bad') return this.destroy();
    this.#bytes = whole;
    if (header === null) return;
    this.#isOver = true;
    this.#socket.pause();
    this.#detach();
    if (header.length < whole.length) this.#socket.unshift(whole.subarray(header.length));
    this.#onEnd(header);
  }

  #detach(): void {
    this.#socket.off('data', this.#receive);
    for (const event of ['end', 'error', 'close']) this.#socket.off(event, this.#fail);
  }

  check(nowMs: number): void {
    if (nowMs > this.#untilMs) this.destroy();
  }

  /** It goes on waiting: a request is probably on its way. */
  drain(): void {}

  detach(): null {
    return null;
  }

  destroy(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#detach();
    // What still goes wrong with it is nobody's business.
    this.#socket.on('error', () => {});
    this.#socket.destroy();
    this.#onEnd(null);
  }
}
