import type { ChildProcess } from 'node:child_process';

/** One side of the channel between two processes of the proxy. */
type End = ChildProcess | NodeJS.Process;

export interface LinkEvents<Received> {
  /** `handle`: what the other side sent along, if anything. */
  received(message: Received, handle: unknown): void;
  /** The other side has gone, or has closed the channel. Comes once, after its last message. */
  ended(): void;
}

/**
 * Sends messages, with handles of sockets where wanted, to a process at the other end of a `fork`, and says whether they
 * went out. Node.js never answers for those that still wait in line when the channel ends.
 */
export class IpcLink<Sent extends object, Received> {
  isOpen: boolean;
  readonly #end: End;
  readonly #waiting = new Set<(isSent: boolean) => void>();

  constructor(end: End, events: LinkEvents<Received>) {
    this.#end = end;
    this.isOpen = end.connected;
    // parsed: both ends are the same program, or ones that speak the same version of its messages
    const receive = (message: unknown, handle: unknown) => events.received(message as Received, handle);
    end.on('message', receive);
    end.once('disconnect', () => {
      this.isOpen = false;
      for (const resolve of this.#waiting) resolve(false);
      this.#waiting.clear();
      events.ended();
    });
  }

  /** True once the message is on its way; false when the other side has gone. The handle stays open here. */
  send(message: Sent, handle?: object): Promise<boolean> {
    const { send } = this.#end;
    if (!this.isOpen || !this.#end.connected || send === undefined) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#waiting.add(resolve);
      const sent = (error: Error | null) => {
        this.#waiting.delete(resolve);
        resolve(error === null);
      };
      Reflect.apply(send, this.#end, [message, handle, {}, sent]);
    });
  }

  close(): void {
    if (this.#end.connected) this.#end.disconnect?.();
  }
}
