import type { UnixMs } from '../core/ids.ts';
import type { EngineParts } from './parts.ts';

/** A rest that took so much longer than it should was a jump of the clock, or nobody ran meanwhile; in milliseconds. */
const jumpMs = 30_000;
/** Somebody has set the clock when it has gained or lost so much against time itself, in milliseconds. */
const setMs = 1_000;

/** Whether time has passed that nobody could use: what seems overdue then gets a fresh look, as after a restart. */
export class PassingTime {
  readonly #clock: EngineParts['clock'];
  /** The machine is told, as often as it takes until what follows is written. */
  #isLost = true;
  /** What the clock showed more than time itself at the last decision; null: none was made yet. */
  #aheadMs: number | null = null;

  constructor(clock: EngineParts['clock']) {
    this.#clock = clock;
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** The machine knows. */
  told(): void {
    this.#isLost = false;
  }

  /** The clock may be set while a call is under way. */
  notice(): UnixMs {
    const now = this.#clock.now();
    const aheadMs = now - this.#clock.uptime();
    if (Math.abs(aheadMs - (this.#aheadMs ?? aheadMs)) >= setMs) this.#isLost = true;
    this.#aheadMs = aheadMs;
    return now;
  }

  async rest(ms: number, signal: AbortSignal): Promise<void> {
    const before = this.#clock.now();
    await this.#clock.sleep(ms, signal);
    const tookMs = this.#clock.now() - before;
    if (tookMs < 0 || tookMs > ms + jumpMs) this.#isLost = true;
  }
}
