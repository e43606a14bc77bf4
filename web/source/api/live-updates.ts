import { readChange, type Change } from './affected-keys.ts';

export type LiveState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** Nobody looks at the page, so it does not hold a connection. */
  | { readonly kind: 'resting' }
  /** `lastSeenAt`: when the server was last heard, null: never; `nextTryAt`: unix milliseconds. */
  | { readonly kind: 'lost'; readonly lastSeenAt: number | null; readonly nextTryAt: number };

export interface LiveUpdatesOptions {
  readonly address: string;
  /** Several changes that come together are handed over together. */
  readonly onChanges: (changes: readonly Change[]) => void;
  /** The stream is there again after it was not: anything may have happened meanwhile. */
  readonly onGap: () => void;
  /** The server may have ended the session. */
  readonly onLost: () => void;
}

const gatherMs = 80;
const firstRetryMs = 1_000;
const longestRetryMs = 30_000;
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
  #gathered: Change[] = [];
  #lastSeenAt: number | null = null;
  #failures = 0;
  #pings = false;

  constructor(options: LiveUpdatesOptions) {
    this.#options = options;
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
    source.addEventListener('change', (event) => this.#changed(event));
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

  #changed(event: MessageEvent<unknown>): void {
    this.#heard();
    const change = typeof event.data === 'string' ? readChange(event.data) : null;
    if (change === null) return;
    if (this.#gathered.length === 0) setTimeout(() => this.#handOver(), gatherMs);
    this.#gathered.push(change);
  }

  #handOver(): void {
    const changes = this.#gathered;
    this.#gathered = [];
    this.#options.onChanges(changes);
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
