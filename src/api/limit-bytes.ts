import type { IncomingMessage } from 'node:http';
import { Transform } from 'node:stream';
import type { Readable } from 'node:stream';
import { LotseError } from '../core/errors.ts';
import { RefusedRequest } from './problem.ts';

export interface Upload {
  /** Fails with 413 beyond the limit, and when the client goes away before the end. */
  readonly content: Readable;
  /** Lets go: what the handler did not read is read and thrown away, so that the client gets to see the answer. */
  release(): void;
}

export function limitBytes(request: IncomingMessage, maxBytes: number): Upload {
  let bytes = 0;
  const content = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > maxBytes) done(tooLarge(maxBytes));
      else done(null, chunk);
    },
  });
  // A failure reaches whoever reads; when nobody reads any more it must not end the process.
  content.on('error', () => undefined);
  const cut = (): void => {
    if (!request.readableEnded) content.destroy(new LotseError('cancelled', 'The upload broke off.'));
  };
  request.on('error', cut);
  request.on('close', cut);
  request.pipe(content);
  return {
    content,
    release() {
      request.off('close', cut);
      request.unpipe(content);
      content.destroy();
      request.resume();
    },
  };
}

export function tooLarge(maxBytes: number): RefusedRequest {
  const hint = 'Files that the build does not need can be listed in .gitignore or .lotseignore.';
  return new RefusedRequest(413, 'bad-input', `An upload has at most ${maxBytes} bytes.`, hint);
}
