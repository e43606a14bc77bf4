import { setTimeout as sleep } from 'node:timers/promises';
import { isErrorCode, LotseError } from '../core/errors.ts';
import { CallConnection, LostCall, unreachable } from './call-connection.ts';
import type { CallAnswer, ControlDoor } from './call-connection.ts';

/** After a call was lost, which can happen when a proxy hands over and exits: the successor is there by then. */
const againAfterMs = 100;

export interface ControlCall {
  readonly method: string;
  readonly path: string;
  /** JSON; empty: none. */
  readonly body: string;
  readonly timeoutMs: number;
}

/** The body that a value is sent as. */
export function bodyOf(value: unknown): string {
  return value === undefined ? '' : JSON.stringify(value);
}

/** How long a kept connection waits for the next call, in milliseconds; and how many wait at most. */
const restMs = 5_000;
const restingAtMost = 2;

/** Connections to one control socket that wait for the next call: it need not knock at a busy process's door again. */
export class KeptConnections {
  readonly #place: string | ControlDoor;
  #resting: readonly CallConnection[] = [];

  /** `place`: the path of the socket, or how it is reached. */
  constructor(place: string | ControlDoor) {
    this.#place = place;
  }

  /** Null: none waits. */
  take(): CallConnection | null {
    const usable = this.#resting.filter((each) => each.isUsable);
    this.#resting = usable.slice(0, -1);
    return usable.at(-1) ?? null;
  }

  open(): CallConnection {
    return new CallConnection(this.#place);
  }

  /** After an answer. */
  giveBack(connection: CallConnection): void {
    if (!connection.isUsable) return;
    if (this.#resting.length >= restingAtMost) return connection.destroy();
    connection.rest(restMs);
    this.#resting = [...this.#resting, connection];
  }
}

/**
 * One call of the control protocol: the JSON or the text that the proxy answers with. `kept`: it goes over one of these
 * connections; without them over one of its own. `place`: the path of the socket, or how it is reached. Errors: `unreachable`, `timeout`, and what the proxy says.
 */
export async function callControl(
  place: string | ControlDoor,
  call: ControlCall,
  kept: KeptConnections | null = null,
): Promise<unknown> {
  const { path } = call;
  // Whoever stops a proxy has what it wants when the proxy is gone; neither of them may be asked for twice.
  const isOnce = path === '/stop' || path === '/upgrade';
  const ask = () => askOnce(place, call, isOnce ? null : kept);
  const answer = await ask().catch(async (error: unknown) => {
    if (!(error instanceof LostCall)) throw error;
    if (isOnce) throw unreachable(typeof place === 'string' ? place : place.name, undefined);
    await sleep(againAfterMs);
    return await ask();
  });
  if (answer.status >= 400) throw readError(answer.body);
  return answer.isJson ? JSON.parse(answer.body) : answer.body;
}

/** On a kept connection that turns out to be over, the call is made again on a fresh one. */
async function askOnce(
  place: string | ControlDoor,
  call: ControlCall,
  kept: KeptConnections | null,
): Promise<CallAnswer> {
  if (kept === null) return await new CallConnection(place).ask(textOf(call, true), call.timeoutMs);
  const request = textOf(call, false);
  const rested = kept.take();
  if (rested !== null) {
    try {
      return await askOn(rested);
    } catch (error) {
      if (!(error instanceof LostCall)) throw error;
    }
  }
  return await askOn(kept.open());

  async function askOn(connection: CallConnection): Promise<CallAnswer> {
    const answer = await connection.ask(request, call.timeoutMs);
    kept?.giveBack(connection);
    return answer;
  }
}

function textOf({ method, path, body }: ControlCall, closes: boolean): string {
  const connection = closes ? 'connection: close\r\n' : '';
  return `${method} ${path} HTTP/1.1\r\nhost: lotse\r\n${connection}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

function readError(body: string): LotseError {
  try {
    // parsed: each field is checked below
    const { code, message, hint, retriable, details } = JSON.parse(body) as Record<string, unknown>;
    return new LotseError(typeof code === 'string' && isErrorCode(code) ? code : 'internal', String(message), {
      ...(typeof hint === 'string' ? { hint } : {}),
      retriable: retriable === true,
      details: Array.isArray(details) ? details.map(String) : [],
    });
  } catch (cause) {
    return new LotseError('internal', 'the proxy answered something that is not an error document', { cause });
  }
}
