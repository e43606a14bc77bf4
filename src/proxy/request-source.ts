import type { RequestHead } from './framing/request-head.ts';
import type { OwnAnswer } from './own-answers.ts';
import type { RequestOrigin } from './origin/request-origin.ts';

/** Where a request comes from that is to be routed, and perhaps held: a connection, or one stream of it. */
export interface RequestSource {
  /** The listening port that it came to. */
  readonly port: number;
  /** Name that the client asked for when it began TLS (SNI), in lower case; empty: none, or no TLS. */
  readonly serverName: string;
  readonly origin: RequestOrigin;
  /** Did it come as a stream of HTTP/2? */
  readonly isHttp2: boolean;
  /** Routes a held request anew. */
  release(head: RequestHead): void;
  /** Sends an answer of our own. `isCut`: the request was not read to its end. */
  answer(answer: OwnAnswer, request: RequestHead, isCut: boolean): void;
}
