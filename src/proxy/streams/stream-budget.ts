import { streamCloseHandshakeMs, streamCloseSpreadMs } from '../../core/routing-document.ts';

const defaultDrainMs = 30_000;
const longestSpreadMs = streamCloseSpreadMs(Number.POSITIVE_INFINITY);

/**
 * How long the WebSockets and event streams of something that drains may stay. They are closed one after another in the
 * spread behind it: each at its turn, a number from 0 to 1 that it was given at random.
 */
export class StreamBudget {
  /** Clock (ms) since when it drains; infinite: it does not. */
  #sinceMs = Number.POSITIVE_INFINITY;
  #drainMs = defaultDrainMs;

  /** It does not drain (any more). `drainMs` counts when it does without anybody saying how long. */
  clear(drainMs = defaultDrainMs): void {
    this.#sinceMs = Number.POSITIVE_INFINITY;
    this.#drainMs = drainMs;
  }

  /** It drains. When it did before, its time goes on. */
  begin(nowMs: number, drainMs = this.#drainMs): void {
    this.#sinceMs = Math.min(this.#sinceMs, nowMs);
    this.#drainMs = drainMs;
  }

  /** For how long the stream at this turn should have been closed, in milliseconds; below 0: so long it may stay. */
  overdueMs(turn: number, nowMs: number): number {
    return nowMs - this.#sinceMs - this.#drainMs - turn * streamCloseSpreadMs(this.#drainMs);
  }
}

/** The drain after which all streams are closed within `totalMs`, with time for the last one to close in good order. */
export function drainWithin(totalMs: number): number {
  const handshakeMs = Math.min(streamCloseHandshakeMs, totalMs / 3);
  const restMs = totalMs - handshakeMs;
  return Math.max(restMs * 0.75, restMs - longestSpreadMs);
}
