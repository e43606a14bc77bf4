import { ownCookiePrefix, revisionHeader } from '../core/routing-document.ts';
import type { ResponseHead } from './framing/response-head.ts';
import type { Forward } from './routing/route-request.ts';

/** Field lines that the proxy itself adds to an instance's answer. `isSecure`: the client asked encrypted. */
export function addedFields(forward: Forward, slot: number, isSecure: boolean, head: ResponseHead): string {
  let text = '';
  if (forward.newVisitor !== null)
    text += `set-cookie: ${ownCookiePrefix}v=${forward.newVisitor}; Path=/; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}\r\n`;
  if (forward.strictTransport !== '' && !/^strict-transport-security:/im.test(head.kept))
    text += forward.strictTransport;
  if (forward.isProbe) text += `${revisionHeader}: ${forward.service.revision} ${forward.service.service} ${slot}\r\n`;
  return text;
}
