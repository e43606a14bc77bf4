import type { Clock } from '../../src/engine/parts.ts';

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly act: () => void;
}

/** Time that passes only when everybody waits for it. Entries of one moment run in the order in which they were made. */
export class VirtualTime {
  #now = Date.UTC(2030, 0, 7, 10);
  #made = 0;
  /** A binary heap: the next entry is the first. */
  readonly #entries: Entry[] = [];

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
  async pass(isDone: () => boolean, limitMs: number): Promise<boolean> {
    const end = this.#now + limitMs;
    for (;;) {
      // Whatever is woken goes on until it waits again: a macrotask comes after all of that.
      await new Promise((resolve) => setImmediate(resolve));
      if (isDone()) return true;
      const next = this.#take();
      if (next === null || next.at > end) return false;
      this.#now = Math.max(this.#now, next.at);
      next.act();
    }
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

  #take(): Entry | null {
    const entries = this.#entries;
    const first = entries[0];
    const last = entries.pop();
    if (first === undefined || last === undefined) return null;
    if (entries.length > 0) this.#sink(last);
    return first;
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

/** The engine's clock on virtual time. Once `isDead` nobody wakes any more, as in a killed process. */
export function clockOn(time: VirtualTime, isDead: () => boolean): Clock {
  return {
    now: () => time.now,
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
