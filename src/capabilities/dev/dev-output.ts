import { styleText } from 'node:util';
import { formatElapsedMs } from '../../core/quantities.ts';
import type { DevEvent } from './dev-events.ts';

type Colour = Parameters<typeof styleText>[0];

export interface OutputWishes {
  readonly isJson: boolean;
  readonly hasColours: boolean;
  readonly write: (text: string) => void;
}

const serviceColours = ['cyan', 'magenta', 'blue', 'green', 'yellow'] as const;
/** As many as a target shows of one that ended. */
const rememberedLines = 20;
const rememberedStarts = 50;
/** A hundred files of a changed branch need not all be named. */
const namedFiles = 3;

/** Says events to people, a line or a few for each, or to programs, as NDJSON. */
export function devOutput({ isJson, hasColours, write }: OutputWishes): (event: DevEvent) => void {
  if (isJson) return (event) => write(`${JSON.stringify(event)}\n`);
  const talk = new Talk((colour, text) => (hasColours ? styleText(colour, text, { validateStream: false }) : text));
  return (event) =>
    write(
      talk
        .linesOf(event)
        .map((line) => `${line}\n`)
        .join(''),
    );
}

interface LinesRead {
  /** The latest lines of the log. */
  readonly said: string[];
  /** Lines that stood in a tail before they came as lines of the log. */
  readonly early: string[];
}

/** Remembers which service has which colour, how wide the names are, and what people have read already. */
class Talk {
  readonly #paint: (colour: Colour, text: string) => string;
  readonly #services: string[] = [];
  /** By start of a service. */
  readonly #read = new Map<string, LinesRead>();

  constructor(paint: (colour: Colour, text: string) => string) {
    this.#paint = paint;
  }

  linesOf(event: DevEvent): readonly string[] {
    const paint = this.#paint;
    switch (event.event) {
      case 'ready':
        this.#services.push(...event.services);
        return readyLines(event, paint);
      case 'starting':
        return [this.#lineOf(event.service, paint('dim', startWords(event.because)))];
      case 'up':
        return [this.#lineOf(event.service, paint('green', `is up after ${formatElapsedMs(event.afterMs)}`))];
      case 'log':
        return this.#wasEarly(event) ? [] : [this.#lineOf(event.service, event.text)];
      case 'crashed':
        return [
          ...this.#unsaid(event).map((line) => this.#lineOf(event.service, line)),
          this.#lineOf(event.service, paint('red', event.how)),
          this.#lineOf(event.service, 'It starts again when one of its files changes.'),
        ];
      case 'removed':
        return [this.#lineOf(event.service, paint('dim', 'is not in lotse.yaml any more: stopped'))];
      case 'manifest-broken':
        return [
          paint('red', event.message),
          ...event.details.filter((detail) => detail !== event.message).map((detail) => `  ${detail}`),
          ...(event.hint === null ? [] : [`  ${event.hint}`]),
          'What ran before goes on as it was.',
        ];
      case 'manifest-read':
        return [paint('dim', `lotse.yaml was read again: ${event.changed.join(', ') || 'nothing to restart'}`)];
      case 'note':
        return [
          event.service === null
            ? paint('yellow', event.text)
            : this.#lineOf(event.service, paint('yellow', event.text)),
        ];
      case 'stopping':
        return ['Stopping.'];
    }
  }

  /** The lines of a tail that nobody has read: the log comes a moment later than the news of its end. */
  #unsaid({ revision, tail }: Extract<DevEvent, { event: 'crashed' }>): readonly string[] {
    const read = this.#readOf(revision ?? '');
    const unsaid = tail.filter((line) => !read.said.includes(line));
    read.early.push(...unsaid);
    return unsaid;
  }

  #wasEarly({ revision, text }: Extract<DevEvent, { event: 'log' }>): boolean {
    const { said, early } = this.#readOf(revision);
    const at = early.indexOf(text);
    if (at >= 0) early.splice(at, 1);
    else said.push(text);
    if (said.length > rememberedLines) said.shift();
    return at >= 0;
  }

  #readOf(revision: string): LinesRead {
    const known = this.#read.get(revision) ?? { said: [], early: [] };
    this.#read.set(revision, known);
    const [oldest] = this.#read.keys();
    if (this.#read.size > rememberedStarts && oldest !== undefined) this.#read.delete(oldest);
    return known;
  }

  #lineOf(service: string, text: string): string {
    if (!this.#services.includes(service)) this.#services.push(service);
    const widest = Math.max(...this.#services.map((name) => name.length));
    const colour = serviceColours[this.#services.indexOf(service) % serviceColours.length] ?? 'cyan';
    return `${this.#paint(colour, `${service.padEnd(widest)} |`)} ${text}`;
  }
}

function readyLines(
  { app, folder, addresses }: Extract<DevEvent, { event: 'ready' }>,
  paint: (colour: Colour, text: string) => string,
): readonly string[] {
  return [
    `${paint('bold', `${app} runs from its working tree`)}  ${paint('dim', folder)}`,
    ...addresses.map((address) => `  ${paint('cyan', address)}`),
    paint('dim', 'A service starts again when its files change. Ctrl-C stops everything.'),
  ];
}

function startWords(because: readonly string[]): string {
  if (because.length === 0) return 'starts';
  const more = because.length > namedFiles ? `, … (${because.length} files)` : '';
  return `starts again: ${because.slice(0, namedFiles).join(', ')}${more}`;
}
