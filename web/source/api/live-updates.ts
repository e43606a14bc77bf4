import { readChange, readLook, type News } from './affected-keys.ts';

export type LiveState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** Nobody looks at the page, so it does not hold a connection. */
  | { readonly kind: 'resting' }
  /** `lastSeenAt`: when the server was last heard, null: never; `nextTryAt`: unix milliseconds. */
  | { readonly kind: 'lost'; readonly lastSeenAt: number | null; readonly nextTryAt: number };

export interface LiveUpdatesOptions {
  readonly address: string;
  /** The first is handed over at once; several that follow it closely are handed over together. */
  readonly onNews: (news: readonly News[]) => void;
  /** The stream is there again after it was not: anything may have happened meanwhile. */
  readonly onGap: () => void;
  /** The server may have ended the session. */
  readonly onLost: () => void;
}

const gatherMs = 80;
const firstRetryMs = 1_000;
const longestRetryMs = 10_000;
/** A hidden page keeps its connection for so long: browsers allow few per server. */
const restAfterMs = 60_000;
/** Once the server has shown that it pings, silence of this length is a dead connection. */
const silenceMs = 45_000;

/** The one stream of changes. A lost one is taken up again with back-off. */
export class LiveUpdates {
  readonly #options: LiveUpdatesOptions;
  readonly #listeners = new Set<() => void>();
  #state: LiveState = { kind: 'connecting' };
  #source: EventSource | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #restTimer: ReturnType<typeof setTimeout> | undefined;
  #silenceTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #news: Gathering;
  #lastSeenAt: number | null = null;
  #failures = 0;
  #pings = false;

  constructor(options: LiveUpdatesOptions) {
    this.#options = options;
    this.#news = new Gathering(options.onNews);
  }

  readonly state = (): LiveState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  start(): void {
    document.addEventListener('visibilitychange', this.#onVisibility);
    this.connect();
  }

  stop(): void {
    document.removeEventListener('visibilitychange', this.#onVisibility);
    clearTimeout(this.#restTimer);
    this.#close();
  }

  /** At once, not at the next try. */
  readonly connect = (): void => {
    this.#close();
    const source = new EventSource(this.#options.address);
    this.#source = source;
    source.addEventListener('open', () => this.#opened());
    source.addEventListener('change', ({ data }) => this.#told(readChange, data));
    source.addEventListener('look', ({ data }) => this.#told(readLook, data));
    source.addEventListener('ping', () => {
      this.#pings = true;
      this.#heard();
    });
    source.addEventListener('error', () => this.#lost());
  };

  #opened(): void {
    const isFirst = this.#lastSeenAt === null && this.#failures === 0;
    this.#failures = 0;
    this.#heard();
    this.#become({ kind: 'live' });
    if (!isFirst) this.#options.onGap();
  }

  #told(read: (data: string) => News | null, data: unknown): void {
    this.#heard();
    const news = typeof data === 'string' ? read(data) : null;
    if (news !== null) this.#news.add(news);
  }

  #heard(): void {
    this.#lastSeenAt = Date.now();
    clearTimeout(this.#silenceTimer);
    if (this.#pings) this.#silenceTimer = setTimeout(() => this.#lost(), silenceMs);
  }

  #lost(): void {
    this.#close();
    const waitMs = Math.min(longestRetryMs, firstRetryMs * 2 ** this.#failures);
    this.#failures += 1;
    this.#timer = setTimeout(this.connect, waitMs);
    this.#become({ kind: 'lost', lastSeenAt: this.#lastSeenAt, nextTryAt: Date.now() + waitMs });
    this.#options.onLost();
  }

  #close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#silenceTimer);
    this.#source?.close();
    this.#source = null;
  }

  readonly #onVisibility = (): void => {
    clearTimeout(this.#restTimer);
    if (document.visibilityState === 'hidden') {
      this.#restTimer = setTimeout(() => {
        this.#close();
        this.#become({ kind: 'resting' });
      }, restAfterMs);
    } else if (this.#state.kind === 'resting') {
      this.#become({ kind: 'connecting' });
      this.connect();
    }
  };

  #become(state: LiveState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

/** Hands over the first at once, and what comes within a moment after it as one. */
class Gathering {
  readonly #handOver: (news: readonly News[]) => void;
  readonly #waiting: News[] = [];
  #isGathering = false;

  constructor(handOver: (news: readonly News[]) => void) {
    this.#handOver = handOver;
  }

  add(news: News): void {
    this.#waiting.push(news);
    if (!this.#isGathering) this.#go();
  }

  #go(): void {
    this.#isGathering = true;
    setTimeout(() => {
      this.#isGathering = false;
      if (this.#waiting.length > 0) this.#go();
    }, gatherMs);
    this.#handOver(this.#waiting.splice(0));
  }
}
