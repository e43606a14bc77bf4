import type { Clock } from '../../src/engine/parts.ts';

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly act: () => void;
}

interface Waiter {
  readonly isDone: () => boolean;
  readonly until: number;
  readonly answer: (isDone: boolean) => void;
}

/** So many steps are handed to the event loop at once: each of its rounds costs more than a step does. */
const stepsARound = 64;

/**
 * Time that passes only when everybody waits for it, and only while somebody waits for something by `pass`. Entries of
 * one moment run in the order in which they were made.
 */
export class VirtualTime {
  #now = Date.UTC(2030, 0, 7, 10);
  #made = 0;
  /** A binary heap: the next entry is the first. */
  readonly #entries: Entry[] = [];
  #waiters: readonly Waiter[] = [];
  #isPassing = false;

  get now(): number {
    return this.#now;
  }

  at(at: number, act: () => void): void {
    const entries = this.#entries;
    const entry = { at: Math.max(at, this.#now), order: this.#made++, act };
    let index = entries.length;
    entries.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = entries[parent];
      if (above === undefined || isBefore(above, entry)) break;
      entries[index] = above;
      entries[parent] = entry;
      index = parent;
    }
  }

  after(ms: number, act: () => void): void {
    this.at(this.#now + ms, act);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Lets time pass until `isDone`; false when that took longer than `limitMs`, or nothing will ever happen again. */
  pass(isDone: () => boolean, limitMs: number): Promise<boolean> {
    return new Promise((answer) => {
      this.#waiters = [...this.#waiters, { isDone, until: this.#now + limitMs, answer }];
      if (this.#isPassing) return;
      this.#isPassing = true;
      this.#goOn();
    });
  }

  /** The clock is put forward while everybody waits. */
  jump(ms: number): void {
    this.#now += ms;
  }

  async passMs(ms: number): Promise<void> {
    let isOver = false;
    this.after(ms, () => (isOver = true));
    await this.pass(() => isOver, ms + 1);
  }

  /** Whatever a step wakes goes on until it waits again: the next macrotask comes after all of that. */
  #goOn(): void {
    for (let step = 1; step < stepsARound; step++) setImmediate(() => this.#step());
    setImmediate(() => {
      this.#step();
      if (this.#waiters.length === 0) this.#isPassing = false;
      else this.#goOn();
    });
  }

  #step(): void {
    if (this.#waiters.length === 0) return;
    const next = this.#entries[0];
    const at = next?.at ?? Infinity;
    let areWaiting = true;
    for (const waiter of this.#waiters) {
      const isDone = waiter.isDone();
      if (!isDone && at <= waiter.until) continue;
      areWaiting = false;
      this.#waiters = this.#waiters.filter((each) => each !== waiter);
      waiter.answer(isDone);
    }
    if (!areWaiting || next === undefined) return;
    this.#take();
    this.#now = Math.max(this.#now, next.at);
    next.act();
  }

  #take(): void {
    const entries = this.#entries;
    const last = entries.pop();
    if (last !== undefined && entries.length > 0) this.#sink(last);
  }

  #sink(entry: Entry): void {
    const entries = this.#entries;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      const left = entries[child];
      if (left === undefined) break;
      const right = entries[child + 1];
      if (right !== undefined && isBefore(right, left)) child++;
      const below = entries[child] ?? left;
      if (isBefore(entry, below)) break;
      entries[index] = below;
      index = child;
    }
    entries[index] = entry;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

/**
 * The engine's clock on virtual time, off by `offsetMs`. Once `isDead` nobody wakes any more, as in a killed process.
 */
export function clockOn(
  time: VirtualTime,
  offsetMs: () => number = () => 0,
  isDead: () => boolean = () => false,
): Clock {
  return {
    now: () => time.now + offsetMs(),
    uptime: () => time.now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const wake = () => {
          if (!isDead()) resolve();
        };
        if (signal.aborted) return wake();
        signal.addEventListener('abort', wake, { once: true });
        time.after(ms, wake);
      }),
  };
}
