import type { Sink } from './output.ts';
import { cutTo } from './text-layout.ts';

const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';

/** Lines at the end of the terminal that change in place. What is written above them while they stand stays. */
export class LiveBlock {
  readonly #sink: Sink;
  #height = 0;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** Replaces the lines. A block higher than the terminal shows its end: what is above the screen cannot change. */
  show(lines: readonly string[]): void {
    const width = (this.#sink.columns ?? 80) - 1;
    const rows = Math.max(2, (this.#sink.rows ?? 24) - 1);
    const visible = lines.slice(-rows).map((line) => cutTo(line, width));
    this.#sink.write(`${hideCursor}${this.#back()}${visible.map((line) => `${line}\u001b[K\n`).join('')}\u001b[J`);
    this.#height = visible.length;
  }

  /** Writes lines above the block; the next `show` puts it below them. */
  above(lines: readonly string[]): void {
    this.#sink.write(`${this.#back()}\u001b[J${lines.map((line) => `${line}\n`).join('')}`);
    this.#height = 0;
  }

  /** The lines stay as they are, complete; what is written next stands below. */
  finish(lines: readonly string[]): void {
    this.#sink.write(`${this.#back()}\u001b[J${lines.map((line) => `${line}\n`).join('')}${showCursor}`);
    this.#height = 0;
  }

  #back(): string {
    return this.#height === 0 ? '' : `\u001b[${this.#height}A\r`;
  }
}
