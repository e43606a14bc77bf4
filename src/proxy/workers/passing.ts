import type { DataPlane } from '../data-plane.ts';
import type { DetachedConnection } from '../plane-connection.ts';
import { handleOf, readAgain } from './socket-handles.ts';
import type { FromWorker } from './worker-messages.ts';

/** How many connections are on their way at once; the others can still be served here meanwhile. */
const batch = 64;

/** Sends one message with the handle of a socket to the parent; false: it has gone. */
type Send = (message: FromWorker, handle: object) => Promise<boolean>;

/** Passes the connections of a worker that leaves to another one, over their parent. */
export class Passing {
  readonly #plane: DataPlane;
  readonly #send: Send;
  #onTheWay = 0;

  constructor(plane: DataPlane, send: Send) {
    this.#plane = plane;
    this.#send = send;
  }

  get isDone(): boolean {
    return this.#onTheWay === 0;
  }

  /** Passes every connection that only waits for a request; to be called again for those that do later. */
  passIdle(): void {
    if (this.#onTheWay > 0) return;
    for (const connection of this.#plane.detachIdle(batch)) void this.#pass(connection);
  }

  async #pass(connection: DetachedConnection): Promise<void> {
    const { socket, port, client } = connection;
    const handle = handleOf(socket);
    const fail = () => {};
    socket.on('error', fail);
    this.#onTheWay++;
    const isSent = handle !== null && (await this.#send({ kind: 'connection', port, client }, handle));
    this.#onTheWay--;
    socket.off('error', fail);
    if (isSent) {
      // Closes only what this process has of it.
      socket.destroy();
      this.passIdle();
    } else {
      readAgain(socket);
      this.#plane.adopt(connection);
    }
  }
}
