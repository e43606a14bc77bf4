import { bucketHeader } from '../core/routing-document.ts';
import type { RequestHead } from './framing/request-head.ts';
import { originFields } from './origin/request-origin.ts';
import type { RequestOrigin } from './origin/request-origin.ts';

/** Makes ids for requests that bring none: unique, not secret. */
export interface RequestIds {
  nextRequestId(): string;
}

/** Where a request goes, as far as its head says so. */
interface Destination {
  /** Of the visitor; -1: none. */
  readonly bucket: number;
  readonly service: { readonly addedField: string };
}

/** The request head as an instance gets it: kept fields, then what the proxy says about where the request came from. */
export function upstreamRequestHead(
  head: RequestHead,
  { bucket, service }: Destination,
  origin: RequestOrigin,
  ids: RequestIds,
): string {
  const requestId = isRequestId(head.requestId) ? head.requestId : ids.nextRequestId();
  return (
    `${head.method} ${head.target} HTTP/1.1\r\n${head.kept}` +
    `${originFields(origin, head.host)}x-request-id: ${requestId}\r\n${service.addedField}` +
    (bucket < 0 ? '' : `${bucketHeader}: ${bucket}\r\n`) +
    (head.upgrade === '' ? '\r\n' : `connection: upgrade\r\nupgrade: ${head.upgrade}\r\n\r\n`)
  );
}

function isRequestId(text: string): boolean {
  return text.length > 0 && text.length <= 128 && /^[\w.:/+=@-]+$/.test(text);
}
