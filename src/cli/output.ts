import { formatElapsedMs } from '../core/quantities.ts';
import { painter, wantsColours, type Paint } from './paint.ts';
import { cutTo, layOut } from './text-layout.ts';

/** The part of a stream that output needs. */
export interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

export interface OutputOptions {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The result is one JSON value on stdout; everything for people goes to stderr. */
  readonly isJson: boolean;
}

export interface Symbols {
  readonly done: string;
  readonly failed: string;
  readonly next: string;
  /** Under way, where nothing moves. */
  readonly running: string;
  readonly undone: string;
  readonly skipped: string;
  readonly warning: string;
  readonly spinner: readonly string[];
}

const drawn: Symbols = {
  done: '✓',
  failed: '✗',
  next: '○',
  running: '›',
  undone: '↩',
  skipped: '–',
  warning: '!',
  spinner: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
};
/** For the Linux console, whose font has no others. */
const plain: Symbols = {
  done: '+',
  failed: 'x',
  next: '.',
  running: '>',
  undone: '<',
  skipped: '-',
  warning: '!',
  spinner: ['|', '/', '-', '\\'],
};

/** Everything that a command says goes through here: people, pipes and scripts each get what they can read. */
export class Output {
  readonly isJson: boolean;
  /** Someone looks at it, so a line may change in place. */
  readonly isLive: boolean;
  readonly paint: Paint;
  readonly symbols: Symbols;
  readonly stdout: Sink;
  readonly stderr: Sink;

  constructor({ stdout, stderr, env, isJson }: OutputOptions) {
    this.stdout = stdout;
    this.stderr = stderr;
    this.isJson = isJson;
    const people = isJson ? stderr : stdout;
    const isTerminal = people.isTTY === true;
    this.isLive = isTerminal && env.TERM !== 'dumb' && (env.CI === undefined || env.CI === '');
    this.paint = painter(wantsColours({ isTerminal, env }));
    this.symbols = env.TERM === 'linux' ? plain : drawn;
  }

  /** The stream that people read. */
  get people(): Sink {
    return this.isJson ? this.stderr : this.stdout;
  }

  line(text = ''): void {
    this.people.write(`${text}\n`);
  }

  lines(texts: readonly string[]): void {
    for (const text of texts) this.line(text);
  }

  /** A remark that is no part of the result. */
  note(text: string): void {
    this.stderr.write(`${text}\n`);
  }

  warn(text: string): void {
    this.note(`${this.paint(this.symbols.warning, 'yellow', 'bold')} ${text}`);
  }

  /** The result for scripts; the only thing on stdout with `--json`. */
  json(value: unknown): void {
    this.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  }

  /** One of many results for scripts, on a line of its own (NDJSON). */
  jsonLine(value: unknown): void {
    this.stdout.write(`${JSON.stringify(value)}\n`);
  }

  table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    const title = head.map((word) => this.paint(word.toUpperCase(), 'dim'));
    const width = this.people.columns ?? Number.POSITIVE_INFINITY;
    this.lines(layOut([title, ...rows]).map((line) => cutTo(line, width)));
  }

  /** Names and values below each other. */
  pairs(pairs: readonly (readonly [string, string])[]): void {
    this.lines(layOut(pairs.map(([name, value]) => [this.paint(name, 'dim'), value])));
  }
}

/** `2026-11-22 03:37:14`, in the zone of this machine. */
export function formatTime(unixMs: number): string {
  const at = new Date(unixMs);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** `3m12s ago`. */
export function formatAgo(unixMs: number, nowMs: number): string {
  const elapsedMs = nowMs - unixMs;
  return elapsedMs < 1000 ? 'just now' : `${formatElapsedMs(elapsedMs)} ago`;
}

/** `1 line`, `3 lines`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`;
}
