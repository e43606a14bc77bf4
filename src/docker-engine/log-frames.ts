import type { Duplex, Readable } from 'node:stream';
import { connectionFailure } from './engine-errors.ts';

/** Some output of a container without a terminal; a chunk ends anywhere, not at lines. */
export interface LogChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly bytes: Buffer;
}

/**
 * Takes the multiplexed output apart: frames of a header (byte 0: 0 or 1 is stdout, 2 is stderr; bytes 4 to 7: length, big
 * endian) and that many bytes (Docker Engine API 1.41, "Attach to a container", stream format).
 */
export async function* readLogFrames(response: Readable, engine: string): AsyncGenerator<LogChunk> {
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of response) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let at = 0;
      while (rest.length >= at + 8) {
        const end = at + 8 + rest.readUInt32BE(at + 4);
        if (rest.length < end) break;
        yield { stream: rest[at] === 2 ? 'stderr' : 'stdout', bytes: rest.subarray(at + 8, end) };
        at = end;
      }
      rest = rest.subarray(at);
    }
  } catch (error) {
    throw connectionFailure(error, engine);
  } finally {
    response.destroy();
  }
}

/** Of a terminal: no frames. A connection that breaks is its end. */
export async function* plainOutput(from: Duplex): AsyncGenerator<LogChunk> {
  try {
    for await (const bytes of from) yield { stream: 'stdout', bytes };
  } catch {
    return;
  } finally {
    from.destroy();
  }
}
