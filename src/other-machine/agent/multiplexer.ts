import type { Writable } from 'node:stream';
import { FrameReader, writeFrame } from './frames.ts';
import type { Frame, FrameKind } from './frames.ts';
import { MuxedConnection } from './muxed-connection.ts';

export interface MultiplexerEvents {
  /** The other side wants a connection: `accept` answers with this side's end of it. */
  readonly opening: (ask: Buffer, accept: () => MuxedConnection, refuse: (why: Refusal) => void) => void;
  readonly hello: (version: string) => void;
  /** Once, when nothing comes any more: the pipes have ended, broke, or carry something else. */
  readonly over: (error: Error) => void;
}

/** Why a connection did not come about, or broke: an error's code (`ECONNREFUSED`) and its text. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

/**
 * One end of many connections that share a pair of pipes. Each has a window of its own, so one whose reader is slow holds
 * up no other and takes no more memory than its window; where the pipe itself is slow they take turns.
 */
export class Multiplexer {
  readonly #output: Writable;
  readonly #events: MultiplexerEvents;
  readonly #reader = new FrameReader();
  readonly #connections = new Map<number, MuxedConnection>();
  readonly #waiting = new Set<MuxedConnection>();
  #next = 1;
  #isFull = false;
  /** How it ended; null: it has not. */
  #end: Error | null = null;
  /** By `performance.now()`: when something came last. */
  heardAtMs = performance.now();

  constructor(output: Writable, events: MultiplexerEvents) {
    this.#output = output;
    this.#events = events;
    output.on('drain', () => this.#drained());
    output.on('error', (error) => this.end(error));
    output.on('close', () => this.end(new Error('the pipe was closed')));
  }

  /** May more be sent now? Whoever hears no is called (`sendMore`) when it is so again. */
  get isWritable(): boolean {
    return !this.#isFull;
  }

  /** Sends even when the pipe is full; only data waits. */
  send(kind: FrameKind, connection = 0, payload?: Buffer): void {
    if (this.#end !== null) return;
    if (!this.#output.write(writeFrame(kind, connection, payload))) this.#isFull = true;
  }

  /** A new connection from this side. `opened` resolves when the other side has it, and rejects with its refusal. */
  open(ask: Buffer): { readonly connection: MuxedConnection; readonly opened: Promise<void> } {
    const id = this.#next++;
    const connection = this.#add(id);
    if (this.#end === null) this.send('open', id, ask);
    else connection.destroy(this.#end);
    return { connection, opened: connection.opened };
  }

  receive(chunk: Buffer): void {
    if (this.#end !== null) return;
    this.heardAtMs = performance.now();
    try {
      for (const frame of this.#reader.read(chunk)) this.#take(frame);
    } catch (error) {
      this.end(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** All connections end with this error. */
  end(error: Error): void {
    if (this.#end !== null) return;
    this.#end = error;
    for (const connection of this.#connections.values()) connection.destroy(error);
    this.#connections.clear();
    this.#waiting.clear();
    this.#events.over(error);
  }

  /** It has data that could not be sent. */
  wait(connection: MuxedConnection): void {
    this.#waiting.add(connection);
  }

  forget(id: number): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    this.#connections.delete(id);
    this.#waiting.delete(connection);
  }

  #add(id: number): MuxedConnection {
    const connection = new MuxedConnection(this, id);
    this.#connections.set(id, connection);
    return connection;
  }

  /** In turns: each that waits sends one frame, and stands at the end of the queue again. */
  #drained(): void {
    this.#isFull = false;
    for (const connection of this.#waiting) {
      if (this.#isFull) return;
      this.#waiting.delete(connection);
      connection.sendMore();
    }
  }

  #take({ kind, connection: id, payload }: Frame): void {
    switch (kind) {
      case 'hello':
        return this.#events.hello(payload.toString('utf8'));
      case 'ping':
        return this.send('pong');
      case 'pong':
        return;
      case 'open':
        return this.#opening(id, payload);
      case 'opened':
        return this.#wasOpened(id);
      case 'data':
        // A copy: what is unread must not hold the whole chunk that it came in.
        return this.#connections.get(id)?.received(Buffer.from(payload));
      case 'end':
        return this.#connections.get(id)?.wasEnded();
      case 'reset':
        return this.#connections.get(id)?.wasReset(parseRefusal(payload));
      case 'credit':
        return this.#connections.get(id)?.mayHave(payload.readUInt32BE(0));
    }
  }

  /** One that nobody waits for any more is given back. */
  #wasOpened(id: number): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) this.send('reset', id);
    else connection.wasOpened();
  }

  #opening(id: number, ask: Buffer): void {
    const accept = (): MuxedConnection => {
      const connection = this.#add(id);
      this.send('opened', id);
      return connection;
    };
    this.#events.opening(ask, accept, (why) => this.send('reset', id, Buffer.from(JSON.stringify(why))));
  }
}

function parseRefusal(payload: Buffer): Refusal {
  if (payload.length === 0) return { code: 'ECONNRESET', message: 'the other side has ended it' };
  return JSON.parse(payload.toString('utf8')) as Refusal; // parsed: written by `Multiplexer` of the same version only
}
