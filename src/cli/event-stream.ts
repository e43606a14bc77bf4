/** One message of a stream of server-sent events. */
export interface ServerEvent {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** What a stream has said beside its events: where to go on, and how long to wait before. */
export interface StreamPosition {
  lastEventId: string;
  retryMs: number;
}

/**
 * Reads a text/event-stream body (WHATWG HTML, 9.2.6 "Interpreting an event stream"): comments are passed over, a
 * message that the end cuts off is dropped. `position` follows along.
 */
export async function* readEventStream(
  lines: AsyncIterable<string>,
  position: StreamPosition,
): AsyncGenerator<ServerEvent> {
  let data: string[] = [];
  let event = '';
  for await (const line of lines) {
    if (line === '') {
      if (data.length > 0) {
        yield { id: position.lastEventId, event: event === '' ? 'message' : event, data: data.join('\n') };
      }
      data = [];
      event = '';
      continue;
    }
    const [field, value] = splitField(line);
    if (field === 'data') data.push(value);
    else if (field === 'event') event = value;
    else if (field === 'id' && !value.includes('\u0000')) position.lastEventId = value;
    else if (field === 'retry' && /^\d{1,6}$/.test(value)) position.retryMs = Number(value);
  }
}

function splitField(line: string): readonly [string, string] {
  const colon = line.indexOf(':');
  if (colon < 0) return [line, ''];
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
}

/** Lines of a UTF-8 body, ended by LF, CRLF or CR; what comes after the last line end is a line too when not empty. */
export async function* readLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    // A CR at the very end may be the first half of a CRLF: it waits for the next chunk.
    const whole = rest.endsWith('\r') ? rest.slice(0, -1) : rest;
    const lines = whole.split(/\r\n|\n|\r/);
    const last = lines.pop() ?? '';
    yield* lines;
    rest = rest.endsWith('\r') ? `${last}\r` : last;
  }
  rest = (rest + decoder.decode()).replace(/\r$/, '');
  if (rest !== '') yield rest;
}
