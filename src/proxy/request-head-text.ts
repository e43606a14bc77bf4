import { bucketHeader } from '../core/routing-document.ts';
import type { RequestHead } from './framing/request-head.ts';

/** Makes ids for requests that bring none: unique, not secret. */
export interface RequestIds {
  nextRequestId(): string;
}

/** The request head as an instance gets it: kept fields, then what the proxy says about where the request came from. */
export function upstreamRequestHead(head: RequestHead, bucket: number, clientAddress: string, ids: RequestIds): string {
  const requestId = isRequestId(head.requestId) ? head.requestId : ids.nextRequestId();
  const forwardedFor = head.forwardedFor === '' ? clientAddress : `${head.forwardedFor}, ${clientAddress}`;
  const host = head.forwardedHost === '' ? head.host : head.forwardedHost;
  const proto = head.forwardedProto === '' ? 'http' : head.forwardedProto;
  return (
    `${head.method} ${head.target} HTTP/1.1\r\n${head.kept}` +
    (head.host === '' ? 'host: \r\n' : '') +
    `x-forwarded-for: ${forwardedFor}\r\nx-forwarded-proto: ${proto}\r\nx-forwarded-host: ${host}\r\nx-request-id: ${requestId}\r\n` +
    (bucket < 0 ? '' : `${bucketHeader}: ${bucket}\r\n`) +
    (head.upgrade === '' ? '\r\n' : `connection: upgrade\r\nupgrade: ${head.upgrade}\r\n\r\n`)
  );
}

function isRequestId(text: string): boolean {
  return text.length > 0 && text.length <= 128 && /^[\w.:/+=@-]+$/.test(text);
}
