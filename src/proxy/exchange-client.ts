import type { DataPlane } from './data-plane.ts';
import type { EventStreamEnd } from './streams/event-stream-end.ts';
import type { RequestHead } from './framing/request-head.ts';
import type { ResponseHead } from './framing/response-head.ts';
import type { OwnAnswer } from './own-answers.ts';
import type { RequestOrigin } from './origin/request-origin.ts';
import type { Forward } from './routing/route-request.ts';
import type { UpstreamConnection } from './upstream/upstream-connection.ts';

/** Who asked: the connection, or the stream of one, that a request came on and its answer goes to. */
export interface ExchangeClient {
  readonly plane: DataPlane;
  /** Where the request under way came from, as instances are told. */
  readonly origin: RequestOrigin;
  /** Did it come as a stream of HTTP/2? */
  readonly isHttp2: boolean;
  /** Nothing of the request's body is wanted for now. */
  pauseRequest(): void;
  resumeRequest(): void;
  /** Passes on a 1xx answer. */
  interim(head: ResponseHead): void;
  /** Begins to pass the answer on; its head goes out with the first part of its body. */
  beginAnswer(request: RequestHead, head: ResponseHead, forward: Forward, slot: number): AnswerRelay;
  /** The instance agreed to another protocol; `early` is what it has sent in it already. Called only for requests that asked. */
  upgrade(request: RequestHead, head: ResponseHead, connection: UpstreamConnection, early: Buffer): void;
  /** Sends an answer of our own. `isCut`: the request was not read to its end. */
  answer(answer: OwnAnswer, request: RequestHead, isCut: boolean): void;
  /** The answer is out. `closes`: nothing more can come on this connection. */
  finished(closes: boolean): void;
  /** The answer broke off after it had begun: the client must not take it for whole. */
  destroy(): void;
}

/** Passes one answer on and knows when it is complete. */
export interface AnswerRelay {
  readonly head: ResponseHead;
  /**
   * Set for an event stream that may be ended before the app ends it: all its payload has to go through `take`, and when
   * that says that it is over, or `finish` is called, the answer is completed as if the app had ended it.
   */
  readonly events: EventStreamEnd | null;
  /** Does the client's connection end with this answer? */
  readonly closesClient: boolean;
  readonly isDone: boolean;
  /** Set when the body's framing is damaged. */
  readonly problem: string | null;
  /** Does the end of the upstream connection end the body? */
  readonly endsWithConnection: boolean;
  /** May the upstream connection carry another request? */
  readonly isReusable: boolean;
  /** Passes on the bytes in [from, to), which are copied. Returns false when the client should first read. */
  relay(bytes: Buffer, from: number, to: number): boolean;
  /** The body ends here: the upstream connection ended, or the event stream's time is over. */
  finish(): void;
}
