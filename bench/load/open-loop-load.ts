import { LoadConnection, type Outcome } from './load-connection.ts';
import type { LoadWishes } from './load-wishes.ts';
import { clockMs, type RequestRecord } from './request-record.ts';

const tickMs = 1;
const postBody = 'hello';

type Sketch = Pick<RequestRecord, 'dueMs' | 'method' | 'isSlow'> & { readonly number: number };

/**
 * Sends requests at fixed times whatever becomes of them (open loop), on raw sockets, and writes down each one. It
 * never retries: a reset on a reused connection is a failure.
 */
export class OpenLoopLoad {
  readonly #wishes: LoadWishes;
  readonly #records: RequestRecord[] = [];
  readonly #resting: LoadConnection[] = [];
  readonly #all = new Set<LoadConnection>();
  readonly #timer: NodeJS.Timeout;
  readonly #startMs = clockMs();
  readonly #sent = { kept: 0, fresh: 0 };
  #open = 0;

  constructor(wishes: LoadWishes) {
    this.#wishes = wishes;
    this.#timer = setInterval(() => this.#sendDue(), tickMs);
  }

  /** Sends no more, waits for what is open, and hands out what has happened. */
  async stop(): Promise<readonly RequestRecord[]> {
    clearInterval(this.#timer);
    while (this.#open > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    for (const connection of this.#all) connection.close();
    return this.#records;
  }

  #sendDue(): void {
    this.#sendDueOf('kept', this.#wishes.keptPerSecond);
    this.#sendDueOf('fresh', this.#wishes.freshPerSecond);
  }

  #sendDueOf(kind: 'kept' | 'fresh', perSecond: number): void {
    const now = clockMs();
    for (;;) {
      const number = this.#sent[kind];
      const dueMs = this.#startMs + (number * 1000) / perSecond;
      if (perSecond === 0 || dueMs > now) return;
      this.#sent[kind] += 1;
      this.#send(kind === 'kept' ? (this.#takeRested() ?? this.#connect()) : this.#connect(), kind === 'fresh', {
        number: kind === 'kept' ? number : -1 - number,
        dueMs,
        // Irrational steps spread both evenly over time and over each other.
        method: (number * 0.414_214) % 1 < this.#wishes.postPart ? 'POST' : 'GET',
        isSlow: (number * 0.618_034) % 1 < this.#wishes.slowPart,
      });
    }
  }

  /** The one that rested longest: that is where a close would be met. Too few of them: one more is opened. */
  #takeRested(): LoadConnection | null {
    return this.#resting.length < this.#wishes.keptConnections ? null : (this.#resting.shift() ?? null);
  }

  #connect(): LoadConnection {
    const connection = new LoadConnection(this.#wishes, (closed) => {
      this.#all.delete(closed);
      const at = this.#resting.indexOf(closed);
      if (at >= 0) this.#resting.splice(at, 1);
    });
    this.#all.add(connection);
    return connection;
  }

  #send(connection: LoadConnection, isFresh: boolean, sketch: Sketch): void {
    const isReused = connection.carried > 0;
    const sentMs = clockMs();
    this.#open += 1;
    connection.request(this.#bytesOf(sketch, isFresh), this.#wishes.timeoutMs, (outcome) => {
      const { number, ...known } = sketch;
      this.#open -= 1;
      this.#records.push({
        ...known,
        sentMs,
        doneMs: clockMs(),
        connection: isFresh ? 'fresh' : isReused ? 'reused' : 'new',
        version: outcome.kind === 'answered' ? outcome.answer.version : null,
        receivedMs: outcome.kind === 'answered' ? outcome.answer.receivedMs : null,
        failure: failureOf(outcome, String(number)),
      });
      if (outcome.kind === 'answered' && !isFresh && !outcome.answer.closes) this.#resting.push(connection);
      else connection.close();
    });
  }

  #bytesOf({ number, method, isSlow }: Sketch, isFresh: boolean): string {
    const lines = [
      `${method} ${isSlow ? '/slow' : '/'} HTTP/1.1`,
      `host: ${this.#wishes.hostName}`,
      `x-load: ${number}`,
      ...(isFresh ? ['connection: close'] : []),
      ...(method === 'POST' ? [`content-length: ${postBody.length}`] : []),
    ];
    return `${lines.join('\r\n')}\r\n\r\n${method === 'POST' ? postBody : ''}`;
  }
}

function failureOf(outcome: Outcome, echo: string): string | null {
  if (outcome.kind === 'lost') return outcome.how;
  const { answer } = outcome;
  if (answer.status < 200 || answer.status > 299) return `HTTP ${answer.status}`;
  return answer.echo === echo ? null : "another request's answer";
}
