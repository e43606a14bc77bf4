import type { DataPlane } from '../data-plane.ts';
import type { Passing } from './passing.ts';

/** Without another worker to go on with them, connections that wait for a request may still bring one for so long. */
const idleMs = 5_000;
const lookEveryMs = 200;

export interface LeaveTerms {
  /** How long what is open may still take, in milliseconds. */
  readonly graceMs: number;
  /** Does another worker take connections that wait for a request? */
  readonly hasHeir: boolean;
}

/** A worker that accepts no more and finishes what it has. */
export class WorkerLeave {
  readonly #plane: DataPlane;
  readonly #passing: Passing;
  readonly #onDone: () => void;
  #startMs: number | null = null;
  #untilMs = 0;
  #hasHeir = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(plane: DataPlane, passing: Passing, onDone: () => void) {
    this.#plane = plane;
    this.#passing = passing;
    this.#onDone = onDone;
  }

  get hasBegun(): boolean {
    return this.#startMs !== null;
  }

  /** Begins, or goes on with other terms from now on. */
  by({ graceMs, hasHeir }: LeaveTerms): void {
    const nowMs = performance.now();
    this.#startMs ??= nowMs;
    this.#untilMs = nowMs + graceMs;
    this.#hasHeir = hasHeir;
    this.#plane.drain(graceMs);
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#look(), Math.min(lookEveryMs, Math.max(10, graceMs)));
    this.#look();
  }

  #look(): void {
    const nowMs = performance.now();
    if (this.#hasHeir) this.#passing.passIdle();
    else if (nowMs >= Math.min((this.#startMs ?? 0) + idleMs, this.#untilMs)) this.#plane.closeIdle();
    const isDone = this.#plane.connectionCount === 0 && this.#passing.isDone;
    if (!isDone && nowMs < this.#untilMs) return;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#onDone();
  }
}
