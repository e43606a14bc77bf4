import { BodyReader } from '../../src/proxy/framing/body-reader.ts';
import { HeadCollector } from '../../src/proxy/framing/head-collector.ts';
import { readRequestHead } from '../../src/proxy/framing/request-head.ts';
import type { RequestHead } from '../../src/proxy/framing/request-head.ts';
import { upstreamRequestHead } from '../../src/proxy/request-head-text.ts';
import { originOf } from '../../src/proxy/origin/request-origin.ts';
import { fuzzLimits } from './fuzz-limits.ts';

export interface ReadRequest {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly body: string;
  /** Its answer ends the connection. */
  readonly closes: boolean;
}

/** What the proxy's parser makes of a stream. */
export interface ParserReading {
  readonly requests: readonly ReadRequest[];
  /** `refused`: what follows is not valid; `waiting`: more bytes are needed; `complete`: the stream ends with a request. */
  readonly end: 'complete' | 'refused' | 'waiting';
  /** Method of a request whose body has begun and not ended; null: none. */
  readonly begun: string | null;
  /** All that would go to an instance if they went over one connection, latin1. */
  readonly upstream: string;
}

const nowhere = { bucket: -1, service: { addedField: '' } };

interface Current {
  readonly head: RequestHead;
  readonly reader: BodyReader;
  body: string;
}

const origin = originOf(['127.0.0.1'], false, '');
const ids = { nextRequestId: () => 'id' };

/** Reads a stream piece by piece with the parts that a client connection reads with, in the order in which it does. */
export function readWithParser(pieces: readonly Buffer[]): ParserReading {
  const collector = new HeadCollector(fuzzLimits.headBytes);
  const requests: ReadRequest[] = [];
  let upstream = '';
  let current: Current | null = null;
  for (const piece of pieces) {
    collector.push(piece);
    for (;;) {
      if (current === null) {
        const text = collector.take();
        if (text === null) break;
        const head = typeof text === 'string' ? readRequestHead(text, fuzzLimits, false) : null;
        if (head === null || head.refusal !== null || head.contentLength > fuzzLimits.bodyBytes)
          return { requests, end: 'refused', begun: null, upstream };
        upstream += upstreamRequestHead(head, nowhere, origin, ids);
        current = begin(head);
      }
      const bytes = current.reader.isDone ? null : collector.takeAll();
      if (bytes !== null) {
        const end = current.reader.consume(bytes, 0, bytes.length);
        if (current.reader.problem !== null) return { requests, end: 'refused', begun: current.head.method, upstream };
        const text = bytes.toString('latin1', 0, end);
        upstream += text;
        if (!current.head.chunked) current.body += text;
        if (end < bytes.length) collector.push(bytes.subarray(end));
      }
      if (!current.reader.isDone) break;
      requests.push(finish(current));
      current = null;
      if (collector.isEmpty) break;
    }
  }
  const end = current === null && collector.isEmpty ? 'complete' : 'waiting';
  return { requests, end, begun: current?.head.method ?? null, upstream };
}

function begin(head: RequestHead): Current {
  const current: Current = {
    head,
    body: '',
    reader: head.chunked
      ? BodyReader.chunked((bytes) => (current.body += bytes.toString('latin1')))
      : BodyReader.ofLength(Math.max(0, head.contentLength)),
  };
  return current;
}

function finish({ head, body }: Current): ReadRequest {
  const closes = head.minor === 0 ? !head.keepsAlive : head.closes;
  return { method: head.method, target: head.target, host: head.host, body, closes };
}
