import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface VisitorsOptions {
  readonly port: number;
  readonly count: number;
  readonly requestsPerSecond: number;
  /** Asked in turn by each visitor. */
  readonly paths: readonly string[];
}

/** One request of a visitor. Times are unix milliseconds. */
export interface VisitorRequest {
  readonly visitor: number;
  readonly path: string;
  readonly sentAt: number;
  readonly endedAt: number;
  /** 0 without an answer. */
  readonly status: number;
  /** Body of the answer. */
  readonly release: string;
  /** The proxy gave the visitor a cookie. */
  readonly isNewcomer: boolean;
  /** Why there is no answer: `ECONNRESET kept`, `cut fresh`, …; null: there is one. */
  readonly failure: string | null;
}

type Answer = Pick<VisitorRequest, 'status' | 'release' | 'failure'> & { readonly cookie: string | null };

const timeoutMs = 10_000;
/** One visitor in so many opens a connection for each request. */
const freshEvery = 8;

/**
 * Visitors who come again and again, each with a cookie of its own and one request at a time, together at a fixed pace
 * whatever the answers do. Nothing is ever repeated: a reset on a connection that was kept is a failure.
 */
export class Visitors {
  readonly requests: VisitorRequest[] = [];
  readonly #options: VisitorsOptions;
  readonly #visitors: readonly Visitor[];
  readonly #timer: NodeJS.Timeout;
  #dueAt = Date.now();
  #next = 0;
  #open = 0;
  #isResting = false;
  #haveLeft = false;

  constructor(options: VisitorsOptions) {
    this.#options = options;
    this.#visitors = Array.from({ length: options.count }, (_, number) => {
      return new Visitor(options.port, number % freshEvery === 0);
    });
    this.#timer = setInterval(() => this.#sendDue(), 5);
  }

  /** They come no more. */
  get haveLeft(): boolean {
    return this.#haveLeft;
  }

  /** Requests that are under way. */
  get open(): number {
    return this.#open;
  }

  /** Resolves when each of them has come once more, and been answered. */
  async round(): Promise<void> {
    const until = this.#next + 2 * this.#visitors.length;
    while (this.#next < until) await sleep(50);
  }

  /** Resolves when no request is under way. */
  async rest(): Promise<void> {
    this.#isResting = true;
    while (this.#open > 0) await sleep(5);
  }

  goOn(): void {
    this.#dueAt = Date.now();
    this.#isResting = false;
  }

  async stop(): Promise<void> {
    this.#haveLeft = true;
    await this.rest();
    clearInterval(this.#timer);
    for (const visitor of this.#visitors) visitor.leave();
  }

  #sendDue(): void {
    const now = Date.now();
    while (!this.#isResting && this.#dueAt <= now) {
      this.#dueAt += 1_000 / this.#options.requestsPerSecond;
      void this.#sendNext();
    }
  }

  async #sendNext(): Promise<void> {
    const { paths } = this.#options;
    const number = this.#next++ % this.#visitors.length;
    const visitor = this.#visitors[number];
    // Somebody who still waits for an answer does not ask again.
    if (visitor === undefined || visitor.isWaiting) return;
    const path = paths[visitor.asked % paths.length] ?? '/';
    this.#open += 1;
    const sentAt = Date.now();
    const { cookie, ...answer } = await visitor.ask(path);
    this.#open -= 1;
    this.requests.push({
      ...{ visitor: number, path, sentAt, endedAt: Date.now() },
      ...{ ...answer, isNewcomer: cookie !== null },
    });
  }
}

class Visitor {
  asked = 0;
  isWaiting = false;
  readonly #port: number;
  readonly #isFresh: boolean;
  #cookie: string | null = null;
  #socket: net.Socket | null = null;

  constructor(port: number, isFresh: boolean) {
    this.#port = port;
    this.#isFresh = isFresh;
  }

  async ask(path: string): Promise<Answer> {
    this.asked += 1;
    this.isWaiting = true;
    const fields = [
      'host: shop.test',
      ...(this.#cookie === null ? [] : [`cookie: theirs=1; ${this.#cookie}`]),
      ...(this.#isFresh ? ['connection: close'] : []),
    ];
    const answer = await this.#exchange(`GET ${path} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`);
    this.#cookie = answer.cookie ?? this.#cookie;
    this.isWaiting = false;
    return answer;
  }

  leave(): void {
    this.#socket?.destroy();
  }

  async #exchange(request: string): Promise<Answer> {
    const kind = this.#isFresh ? 'fresh' : 'kept';
    const socket = this.#connection();
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const fail = (why: string) => {
      resolve({ status: 0, release: '', cookie: null, failure: `${why} ${kind}` });
      socket.destroy();
    };
    let received = '';
    const read = (bytes: Buffer) => {
      received += bytes.toString('latin1');
      const answer = parseAnswer(received);
      if (answer === null) return;
      resolve(answer);
      if (this.#isFresh || answer.closes) socket.destroy();
    };
    const failed = (error: Error) => fail('code' in error ? String(error.code) : error.message);
    const cut = () => fail('cut');
    const timer = setTimeout(() => fail('timeout'), timeoutMs);
    socket.on('data', read).on('error', failed).on('close', cut);
    socket.write(request);
    const answer = await promise;
    clearTimeout(timer);
    socket.off('data', read).off('error', failed).off('close', cut);
    return answer;
  }

  #connection(): net.Socket {
    if (this.#socket !== null && !this.#socket.destroyed) return this.#socket;
    this.#socket = net.connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    // Between two requests nobody else listens.
    this.#socket.on('error', () => {});
    return this.#socket;
  }
}

function parseAnswer(text: string): (Answer & { readonly closes: boolean }) | null {
  const headTo = text.indexOf('\r\n\r\n');
  if (headTo < 0) return null;
  const head = text.slice(0, headTo + 2);
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
  const release = text.slice(headTo + 4);
  if (release.length < length) return null;
  const cookie = /^set-cookie: *([^;\r]+)/im.exec(head)?.[1] ?? null;
  return {
    ...{ status: Number(head.slice(9, 12)), release, cookie, failure: null },
    closes: /^connection: *close/im.test(head),
  };
}
