import type { ShownLine } from './log-buffer.ts';

/** At which row of the screen each line begins. Lines that are appended cost only themselves. */
export class RowIndex {
  /** Rows before the end of each line. */
  #ends: number[] = [];
  #first = 0;
  #last = 0;
  #columns: number | null = null;

  /** `columns`: how many letters a row takes before it breaks; null: rows do not break. */
  update(lines: readonly ShownLine[], columns: number | null): void {
    const first = lines[0]?.number ?? 0;
    const isLonger = lines[this.#ends.length - 1]?.number === this.#last && first === this.#first;
    if (!isLonger || columns !== this.#columns) this.#ends = [];
    for (let index = this.#ends.length; index < lines.length; index += 1) {
      this.#ends.push((this.#ends[index - 1] ?? 0) + rowsOf(lines[index]?.text ?? '', columns));
    }
    this.#first = first;
    this.#last = lines.at(-1)?.number ?? 0;
    this.#columns = columns;
  }

  get rows(): number {
    return this.#ends.at(-1) ?? 0;
  }

  /** The row at which a line begins. */
  rowOf(line: number): number {
    return line <= 0 ? 0 : (this.#ends[line - 1] ?? this.rows);
  }

  /** The line that a row belongs to. */
  lineAt(row: number): number {
    let [low, high] = [0, this.#ends.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ends[middle] ?? 0) <= row) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function rowsOf(text: string, columns: number | null): number {
  return columns === null ? 1 : Math.max(1, Math.ceil(text.length / columns));
}
