import { Agent, request } from 'node:http';

/** One request of a visitor, as the visitor saw it. Times on `performance.now`'s clock, in milliseconds. */
export interface Visit {
  /** Which of the people. */
  readonly person: number;
  readonly path: string;
  readonly sentMs: number;
  readonly tookMs: number;
  /** Null: answered as it should be. */
  readonly failure: string | null;
}

const paths = [
  ['/login', 0.55],
  ['/register', 0.05],
  ['/', 0.25],
  ['/assets/bildwerk.css', 0.15],
] as const;

/** People who keep their cookies and come back: each sends its requests at random times, whatever becomes of the last one. */
export class Visitors {
  readonly #port: number;
  readonly #hostName: string;
  readonly #perSecond: number;
  readonly #timeoutMs: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 512 });
  readonly #cookies: string[];
  /** For each of the people, the part of all requests that they and those before them send. */
  readonly #activity: readonly number[];
  readonly #visits: Visit[] = [];
  #timer: NodeJS.Timeout | null = null;
  #open = 0;
  #isDone = false;

  constructor(of: {
    readonly port: number;
    readonly hostName: string;
    readonly people: number;
    readonly perSecond: number;
    readonly timeoutMs: number;
    /** σ of the log-normal activity of people; without it all are equally busy. */
    readonly unevenness?: number;
  }) {
    this.#port = of.port;
    this.#hostName = of.hostName;
    this.#perSecond = of.perSecond;
    this.#timeoutMs = of.timeoutMs;
    this.#cookies = Array.from({ length: of.people }, () => '');
    this.#activity = cumulated(this.#cookies.map(() => Math.exp((of.unevenness ?? 0) * normal())));
    this.#wait();
  }

  /** Those that were sent since a time and have ended. */
  since(ms: number): readonly Visit[] {
    return this.#visits.filter((visit) => visit.sentMs >= ms);
  }

  get open(): number {
    return this.#open;
  }

  async stop(): Promise<void> {
    this.#isDone = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const deadline = performance.now() + this.#timeoutMs + 1_000;
    while (this.#open > 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
    this.#agent.destroy();
  }

  #wait(): void {
    const ms = (-Math.log(1 - Math.random()) * 1000) / this.#perSecond;
    this.#timer = setTimeout(() => {
      if (this.#isDone) return;
      this.#send(this.#someone());
      this.#wait();
    }, ms);
  }

  #someone(): number {
    const draw = Math.random();
    return Math.max(
      0,
      this.#activity.findIndex((upTo) => draw < upTo),
    );
  }

  #send(person: number): void {
    const path = pathOf(Math.random());
    const sentMs = performance.now();
    const headers = {
      host: this.#hostName,
      ...(this.#cookies[person] === '' ? {} : { cookie: this.#cookies[person] }),
    };
    this.#open += 1;
    let isOver = false;
    const end = (failure: string | null) => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      this.#open -= 1;
      this.#visits.push({ person, path, sentMs, tookMs: performance.now() - sentMs, failure });
    };
    const sent = request({ host: '127.0.0.1', port: this.#port, path, agent: this.#agent, headers }, (response) => {
      const given = response.headers['set-cookie']?.map((line) => line.split(';')[0]).join('; ');
      if (given !== undefined) this.#cookies[person] = given;
      response.on('end', () => end((response.statusCode ?? 0) < 500 ? null : `HTTP ${response.statusCode}`));
      response.on('error', (error) => end(error.message));
      response.resume();
    });
    const timer = setTimeout(() => {
      end('no answer');
      sent.destroy();
    }, this.#timeoutMs);
    sent.on('error', (error) => end(error.message));
    sent.end();
  }
}

function pathOf(draw: number): string {
  let rest = draw;
  for (const [path, part] of paths) {
    rest -= part;
    if (rest < 0) return path;
  }
  return '/';
}

/** Parts of the whole, each with all that come before it. */
function cumulated(weights: readonly number[]): readonly number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let upTo = 0;
  return weights.map((weight) => (upTo += weight / total));
}

/** Box and Muller. */
function normal(): number {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}
