import type { LogLineView } from '../../../src/capabilities/releases/releases-api.ts';

export interface ShownLine extends LogLineView {
  /** Grows by one with each line of a tail. */
  readonly number: number;
}

/** Colours and movements of a terminal: ECMA-48 control sequences, and operating system commands. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const controlSequences = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?)/g;

export function plainText(text: string): string {
  return text.includes('\u001b') ? text.replace(controlSequences, '') : text;
}

/**
 * The lines of a tail, the newest `capacity` of them, and those among them that a search finds. While it is held, what
 * comes in waits, so that nothing moves under the eyes of whoever reads.
 */
export class LogBuffer {
  readonly #capacity: number;
  #lines: ShownLine[] = [];
  #found: ShownLine[] = [];
  #waiting: ShownLine[] = [];
  #search = '';
  #isHeld = false;
  #count = 0;
  #forgotten = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** What is to be seen, oldest first. Another array after each change of it. */
  get shown(): readonly ShownLine[] {
    return this.#search === '' ? this.#lines : this.#found;
  }

  /** How many lines have come in all. */
  get count(): number {
    return this.#count;
  }

  get waitingCount(): number {
    return this.#waiting.length;
  }

  /** How many of the oldest lines are kept no more. */
  get forgotten(): number {
    return this.#forgotten;
  }

  add(lines: readonly LogLineView[]): void {
    const added = lines.map((line) => ({ ...line, text: plainText(line.text), number: ++this.#count }));
    if (this.#isHeld) this.#waiting = this.#newest(this.#waiting.concat(added));
    else this.#append(added);
  }

  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#append(this.#waiting);
    this.#waiting = [];
  }

  /** Only lines with these words, in upper or lower case; empty: all. */
  search(words: string): void {
    this.#search = words.toLowerCase();
    this.#found = this.#lines.filter((line) => this.#matches(line));
  }

  clear(): void {
    this.#lines = [];
    this.#found = [];
    this.#waiting = [];
    this.#count = 0;
    this.#forgotten = 0;
  }

  #append(added: readonly ShownLine[]): void {
    if (added.length === 0) return;
    this.#lines = this.#newest(this.#lines.concat(added));
    const first = this.#lines[0]?.number ?? 0;
    const found = this.#found.concat(this.#search === '' ? [] : added.filter((line) => this.#matches(line)));
    this.#found = (found[0]?.number ?? first) < first ? found.filter((line) => line.number >= first) : found;
  }

  #newest(lines: ShownLine[]): ShownLine[] {
    const surplus = lines.length - this.#capacity;
    if (surplus <= 0) return lines;
    this.#forgotten += surplus;
    return lines.slice(surplus);
  }

  #matches({ text, service }: ShownLine): boolean {
    return text.toLowerCase().includes(this.#search) || service.toLowerCase().includes(this.#search);
  }
}
