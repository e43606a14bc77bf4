import type { Forward } from './routing/route-request.ts';
import type { Outcome } from './traffic-counters.ts';

/** What one request adds to the counters: started once, finished once, late at most once. Probes add nothing. */
export class ExchangeCount {
  readonly #forward: Forward;
  readonly #lateAtMs: number;
  #isLate = false;
  #isFinished: boolean;

  constructor(forward: Forward, nowMs: number) {
    this.#forward = forward;
    const { lateAfterMs } = forward.service;
    this.#lateAtMs = lateAfterMs === null ? Number.POSITIVE_INFINITY : nowMs + lateAfterMs;
    this.#isFinished = forward.isProbe;
    if (!forward.isProbe) forward.service.counts.start(forward.bucket);
  }

  /** Counts the request as late when `nowMs` is past its threshold and it is not finished. */
  late(nowMs: number): void {
    if (nowMs < this.#lateAtMs || this.#isLate || this.#isFinished) return;
    this.#isLate = true;
    this.#forward.service.counts.late(this.#forward.bucket);
  }

  finish(outcome: Outcome): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#forward.service.counts.finish(this.#forward.bucket, outcome);
  }

  finishByStatus(status: number): void {
    this.finish(status < 400 ? 'ok' : status < 500 ? 'clientError' : 'serverError');
  }
}
