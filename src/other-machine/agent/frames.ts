/**
 * What goes over the one pair of pipes to another machine: frames of a kind (1 byte), the number of a connection (4) and the
 * length of what follows (4), big endian. Connections are numbered by the side that opens them; 0 is the pair itself.
 */
export type FrameKind =
  /** The agent is there and waits: its version as text. */
  | 'hello'
  /** `{"host", "port"}` or `{"socket"}`, and `timeoutMs`. */
  | 'open'
  | 'opened'
  | 'data'
  /** Nothing more comes from this side; the other one goes on. */
  | 'end'
  /** It is over, both ways: `{"code", "message"}`. */
  | 'reset'
  /** So many bytes (4) more may be sent to this side. */
  | 'credit'
  | 'ping'
  | 'pong';

export interface Frame {
  readonly kind: FrameKind;
  readonly connection: number;
  readonly payload: Buffer;
}

const kinds: readonly FrameKind[] = ['hello', 'open', 'opened', 'data', 'end', 'reset', 'credit', 'ping', 'pong'];
const headBytes = 9;
/** No frame is longer, so that many connections take turns. */
export const longestPayload = 16 * 1024;
/** How much one connection may have on its way or unread. */
export const windowBytes = 256 * 1024;
const nothing = Buffer.alloc(0);

export function writeFrame(kind: FrameKind, connection: number, payload: Buffer = nothing): Buffer {
  const bytes = Buffer.allocUnsafe(headBytes + payload.length);
  bytes[0] = kinds.indexOf(kind);
  bytes.writeUInt32BE(connection, 1);
  bytes.writeUInt32BE(payload.length, 5);
  payload.copy(bytes, headBytes);
  return bytes;
}

/** Puts frames together from pieces. */
export class FrameReader {
  #rest: Buffer = nothing;

  /** Throws when this is something else than frames. */
  *read(chunk: Buffer): Generator<Frame> {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (bytes.length - at >= headBytes) {
      const kind = kinds[bytes[at] ?? kinds.length];
      const length = bytes.readUInt32BE(at + 5);
      if (kind === undefined || length > longestPayload) throw new Error(`no frame begins with ${startOf(bytes, at)}`);
      const end = at + headBytes + length;
      if (bytes.length < end) break;
      yield { kind, connection: bytes.readUInt32BE(at + 1), payload: bytes.subarray(at + headBytes, end) };
      at = end;
    }
    this.#rest = bytes.subarray(at);
  }
}

/** For messages: programs that are not what was expected mostly say so in words. */
function startOf(bytes: Buffer, at: number): string {
  return JSON.stringify(bytes.subarray(at, at + 80).toString('latin1'));
}
