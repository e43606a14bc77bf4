import type { ServerResponse } from 'node:http';
import type { EnvironmentFlags } from './environment-flags.ts';

/** Streams that are open at a time. */
const maxStreams = 10_000;
const heartbeatMs = 15_000;
/** What may wait for a client that does not read. */
const maxUnreadBytes = 16 * 1024;

/**
 * Event streams that say "ask again" (`refetchEvaluation`, OFREP's change notifications), to any number of clients of an
 * environment at once. What is said is the same for all of them, so it is made once.
 */
export class FlagStreams {
  readonly #open = new Map<EnvironmentFlags, Set<ServerResponse>>();
  readonly #stops = new Map<EnvironmentFlags, () => void>();
  readonly #heartbeat: NodeJS.Timeout;
  #count = 0;

  constructor() {
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs);
    this.#heartbeat.unref();
  }

  /** False: there are too many. `lastEventId`: what the client saw last; null: it comes for the first time. */
  add(flags: EnvironmentFlags, response: ServerResponse, lastEventId: string | null): boolean {
    if (this.#count >= maxStreams) return false;
    const streams = this.#open.get(flags) ?? this.#begin(flags);
    streams.add(response);
    this.#count += 1;
    response.socket?.setTimeout(0);
    const fields = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' };
    response.writeHead(200, { ...fields, 'transfer-encoding': 'chunked' });
    // Between what it was answered and this moment something may have changed.
    response.write(`retry: 1000\n\n${lastEventId === flags.etag ? '' : refetch(flags.etag)}`);
    response.once('close', () => {
      if (streams.delete(response)) this.#count -= 1;
      if (streams.size === 0) this.#end(flags);
    });
    return true;
  }

  close(): void {
    clearInterval(this.#heartbeat);
    for (const streams of this.#open.values()) for (const response of streams) response.end();
  }

  #begin(flags: EnvironmentFlags): Set<ServerResponse> {
    const streams = new Set<ServerResponse>();
    this.#open.set(flags, streams);
    const tell = () => {
      const bytes = chunk(refetch(flags.etag));
      for (const response of streams) send(response, bytes);
    };
    this.#stops.set(flags, flags.onChange(tell));
    return streams;
  }

  #end(flags: EnvironmentFlags): void {
    this.#stops.get(flags)?.();
    this.#stops.delete(flags);
    this.#open.delete(flags);
  }

  #beat(): void {
    const bytes = chunk(':\n\n');
    for (const streams of this.#open.values()) for (const response of streams) send(response, bytes);
  }
}

/** A chunk of HTTP/1.1 (RFC 9112 section 7.1) as it goes out, so that a thousand streams cost one text. */
function chunk(text: string): Buffer {
  return Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
}

/** Who does not read is cut: it comes back, and hears then what it has missed. */
function send({ socket }: ServerResponse, bytes: Buffer): void {
  if (socket === null) return;
  if (socket.writableLength > maxUnreadBytes) socket.destroy();
  else socket.write(bytes);
}

function refetch(etag: string): string {
  return `id: ${etag}\ndata: ${JSON.stringify({ type: 'refetchEvaluation', etag })}\n\n`;
}
