import type { IncomingMessage } from 'node:http';
import { HttpProblem } from './problem.ts';

const mostBytes = 20_000;

/** The fields of a form (application/x-www-form-urlencoded). Throws 413 or 415. */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  if (!/^application\/x-www-form-urlencoded\b/.test(request.headers['content-type'] ?? '')) {
    throw new HttpProblem(415, 'A form was expected.');
  }
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    const chunk = Buffer.from(part);
    bytes += chunk.length;
    if (bytes > mostBytes) throw new HttpProblem(413, 'This form is too long.');
    parts.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(parts).toString('utf8'));
}
