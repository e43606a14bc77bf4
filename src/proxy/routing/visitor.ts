import type { Stickiness } from '../../core/routing-document.ts';
import { isName } from '../framing/characters.ts';
import type { RequestHead } from '../framing/request-head.ts';

/** By what a visitor is known again; null: by nothing so far. `address` is the client's. */
export function visitorOf(stickiness: Stickiness, head: RequestHead, address: string): string | null {
  switch (stickiness.kind) {
    case 'cookie':
      return isVisitorId(head.visitor) ? head.visitor : null;
    case 'header':
      return valueOf(head.kept, stickiness.name) ?? address;
    case 'address':
      return address;
    case 'none':
      return null;
  }
}

function isVisitorId(text: string): boolean {
  return text.length >= 16 && text.length <= 64 && /^[A-Za-z0-9_-]+$/.test(text);
}

/** Value of the first field of this name in kept lines; null when it is not there or empty. */
function valueOf(kept: string, lowerName: string): string | null {
  for (let from = 0; from < kept.length;) {
    const to = kept.indexOf('\r\n', from);
    const end = to < 0 ? kept.length : to;
    if (kept.charCodeAt(from + lowerName.length) === 58 && isName(kept, from, lowerName)) {
      const value = kept.slice(from + lowerName.length + 1, end).trim();
      return value === '' ? null : value;
    }
    from = end + 2;
  }
  return null;
}
