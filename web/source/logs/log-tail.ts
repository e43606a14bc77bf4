import type { LogLineView } from '../../../src/capabilities/releases/releases-api.ts';
import { problemOf } from '../api/api-error.ts';
import { LogBuffer } from './log-buffer.ts';
import { readLog } from './read-log.ts';

export type TailState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'following' }
  /** What wrote it has ended. */
  | { readonly kind: 'ended' }
  /** It is tried again. */
  | { readonly kind: 'lost' }
  | { readonly kind: 'refused'; readonly error: unknown };

export interface TailView {
  readonly state: TailState;
  /** Grows with each change of what the buffer shows. */
  readonly version: number;
}

/** How many lines a page keeps: a browser holds them without effort, and nobody reads more. */
const capacity = 100_000;
/** What comes together is shown together, in milliseconds. */
const gatherMs = 100;
const firstRetryMs = 1_000;
const longestRetryMs = 15_000;
/** Lines by which a tail that is taken up again knows where it was. */
const rememberedLines = 300;
/** Of before, when it begins. */
const lastLines = 1_000;

/** Follows a log, and takes it up again where it was lost. */
export class LogTail {
  readonly buffer = new LogBuffer(capacity);
  readonly #addressOf: (last: number) => string;
  readonly #listeners = new Set<() => void>();
  readonly #abort = new AbortController();
  #view: TailView = { state: { kind: 'connecting' }, version: 0 };
  #timer: ReturnType<typeof setTimeout> | undefined;
  #gathered: LogLineView[] = [];
  #remembered: LogLineView[] = [];

  /** `addressOf`: with so many lines of before. */
  constructor(addressOf: (last: number) => string) {
    this.#addressOf = addressOf;
  }

  readonly view = (): TailView => this.#view;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  async follow(): Promise<void> {
    const { signal } = this.#abort;
    for (let failures = 0; !signal.aborted; failures += 1) {
      const isNew = this.#isNewAfter([...this.#remembered, ...this.#gathered]);
      try {
        for await (const lines of readLog(this.#addressOf(lastLines), signal)) {
          failures = 0;
          this.#take(lines.filter(isNew));
        }
        return this.#become({ kind: 'ended' });
      } catch (thrown) {
        if (signal.aborted) return;
        const { status } = problemOf(thrown);
        if (status >= 400 && status < 500) return this.#become({ kind: 'refused', error: thrown });
        this.#become({ kind: 'lost' });
      }
      await pause(Math.min(longestRetryMs, firstRetryMs * 2 ** failures), signal);
    }
  }

  stop(): void {
    this.#abort.abort();
    clearTimeout(this.#timer);
  }

  hold(isHeld: boolean): void {
    if (isHeld) this.buffer.hold();
    else this.buffer.release();
    this.#changed();
  }

  search(words: string): void {
    this.buffer.search(words);
    this.#changed();
  }

  clear(): void {
    this.buffer.clear();
    this.#changed();
  }

  #take(lines: readonly LogLineView[]): void {
    if (this.#view.state.kind !== 'following') this.#become({ kind: 'following' });
    for (const line of lines) this.#gathered.push(line);
    this.#timer ??= setTimeout(() => this.#handOver(), gatherMs);
  }

  #handOver(): void {
    this.#timer = undefined;
    this.buffer.add(this.#gathered);
    this.#remembered = [...this.#remembered, ...this.#gathered.slice(-rememberedLines)].slice(-rememberedLines);
    this.#gathered = [];
    this.#changed();
  }

  /** What was seen before comes once more where a tail is taken up again. */
  #isNewAfter(seenLines: readonly LogLineView[]): (line: LogLineView) => boolean {
    const nameOf = ({ at, service, slot, text }: LogLineView) => `${at} ${service} ${slot} ${text}`;
    const seen = new Set(seenLines.map(nameOf));
    const lastAt = seenLines.at(-1)?.at ?? 0;
    return (line) => line.at >= lastAt && !seen.has(nameOf(line));
  }

  #become(state: TailState): void {
    this.#view = { ...this.#view, state };
    this.#changed();
  }

  #changed(): void {
    this.#view = { ...this.#view, version: this.#view.version + 1 };
    for (const listener of this.#listeners) listener();
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}
