import type { IncomingMessage } from 'node:http';
import { connectionFailure, failureInStream } from './engine-errors.ts';

/** The engine's own message in an answer that refuses: `{"message": "…"}`, or plain text from what lies before it. */
export function parseMessage(body: string): string {
  try {
    const found = JSON.parse(body) as { message?: unknown } | null;
    return typeof found?.message === 'string' ? found.message.trim() : body.trim();
  } catch {
    return body.trim();
  }
}

/** The shape is what the API's version documents; an empty body is undefined. */
export function parseAnswer<T>(body: string): T {
  return (body === '' ? undefined : JSON.parse(body)) as T;
}

/**
 * A stream of JSON values, one a line, as events, pulls and builds send them. An `errorDetail` in it is thrown;
 * `asked` says in the message what it was about.
 */
export async function* parseMessages<T>(response: IncomingMessage, engine: string, asked: string): AsyncGenerator<T> {
  let rest = '';
  response.setEncoding('utf8');
  try {
    for await (const chunk of response) {
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.trim() !== '') yield parseOne<T>(line, asked);
    }
    if (rest.trim() !== '') yield parseOne<T>(rest, asked);
  } catch (error) {
    throw connectionFailure(error, engine);
  } finally {
    response.destroy();
  }
}

function parseOne<T>(line: string, asked: string): T {
  const message = JSON.parse(line) as { errorDetail?: { message?: string }; error?: string };
  const failure = message.errorDetail?.message ?? message.error;
  if (failure !== undefined) throw failureInStream(failure, asked);
  return message as T;
}
