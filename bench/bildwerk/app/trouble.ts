import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Put into a copy of bildwerk's dashboard: what is wrong with this release, as `trouble.json` beside it says. */
interface Trouble {
  /** Every release takes this long in the middle, log-normal with a σ of 0.5, as one whose database is elsewhere does. */
  readonly medianMs: number;
  /** This part of the requests fails. */
  readonly failing: number;
  /** Only on this path; null: on all. */
  readonly path: string | null;
  /** Requests take so many times as long. */
  readonly slower: number;
  /** This part of the requests never gets an answer. */
  readonly hanging: number;
  /** What each request leaves behind, in bytes. */
  readonly leakBytes: number;
}

// Written by whoever put this file here.
const trouble = JSON.parse(readFileSync(new URL('trouble.json', import.meta.url), 'utf8')) as Trouble;
const leaked: Buffer[] = [];

export function troubled(request: IncomingMessage, response: ServerResponse, answer: () => void): void {
  const path = (request.url ?? '/').split('?')[0];
  // Health is asked of every release, and none of these knows that it is ill.
  if (path === '/up') return answer();
  if (trouble.leakBytes > 0) leaked.push(Buffer.alloc(trouble.leakBytes, 1));
  const isHit = trouble.path === null || path === trouble.path;
  if (isHit && Math.random() < trouble.hanging) return;
  const waitMs = trouble.medianMs * Math.exp(0.5 * normal()) * (isHit ? trouble.slower : 1);
  setTimeout(() => {
    if (!isHit || Math.random() >= trouble.failing) return answer();
    response.writeHead(500, { 'content-type': 'text/plain' });
    response.end('the new release is not well\n');
  }, waitMs);
}

/** Box and Muller. */
function normal(): number {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}
