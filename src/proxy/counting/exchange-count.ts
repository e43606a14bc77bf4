import type { Forward } from '../routing/route-request.ts';
import type { Outcome } from './count-table.ts';

/**
 * What one request adds to the counters: started once, finished once, late at most once for each threshold. Probes and
 * previews add nothing. Times are the worker's clock, in milliseconds.
 */
export class ExchangeCount {
  readonly #forward: Forward;
  readonly #startMs: number;
  /** Thresholds that it has passed. */
  #passed = 0;
  #isFinished: boolean;
  /** How long it may take before it is late at all: its instance was still warming up. */
  #excusedMs = 0;

  constructor(forward: Forward, nowMs: number) {
    this.#forward = forward;
    this.#startMs = nowMs;
    this.#isFinished = !forward.isCounted;
    if (forward.isCounted) forward.service.counts.start(forward.bucket);
  }

  /** Its instance is warming up: it is late only after `forMs`, and its duration is not counted. */
  excuse(forMs: number): void {
    this.#excusedMs = forMs;
  }

  /** Counts the request as late for each threshold that the clock has passed, while it is not finished. */
  late(nowMs: number): void {
    if (this.#isFinished) return;
    const { counts } = this.#forward.service;
    const { lateAfterMs } = counts;
    const tookMs = nowMs - this.#startMs;
    if (tookMs < this.#excusedMs) return;
    while (this.#passed < lateAfterMs.length && tookMs >= (lateAfterMs[this.#passed] ?? 0))
      counts.late(this.#forward.bucket, this.#passed++);
  }

  /** Whoever does not wait to the end says nothing about how long it would have taken. */
  finish(outcome: Outcome, nowMs: number): void {
    this.#finish(outcome, nowMs, outcome !== 'clientGone');
  }

  finishByStatus(status: number, nowMs: number): void {
    this.#finish(outcomeOf(status), nowMs, true);
  }

  /**
   * For upgraded connections and event streams: it is late when its head is. How long it stays open is up to the client,
   * so it has no duration.
   */
  finishWithHead(status: number, nowMs: number): void {
    this.#finish(outcomeOf(status), nowMs, false);
  }

  #finish(outcome: Outcome, nowMs: number, hasDuration: boolean): void {
    if (this.#isFinished) return;
    this.late(nowMs);
    this.#isFinished = true;
    const { counts } = this.#forward.service;
    // First, because the finish may be the last word of an epoch that is over.
    if (hasDuration && this.#excusedMs === 0) counts.took(nowMs - this.#startMs);
    if (outcome !== 'clientGone' && this.#excusedMs > 0 && this.#passed === 0) counts.untimed(this.#forward.bucket);
    counts.finish(this.#forward.bucket, outcome);
  }
}

function outcomeOf(status: number): Outcome {
  return status < 400 ? 'ok' : status < 500 ? 'clientError' : 'serverError';
}
