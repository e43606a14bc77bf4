import type { ProgressMessage } from '../../../docker-engine/engine-shapes.ts';

/** The engine colours what a step writes to standard error. */
// oxlint-disable-next-line no-control-regex
const colours = /\u001b\[[0-9;]*m/g;

/** Makes lines of a build's output, which comes in pieces that end anywhere. */
export class BuildLines {
  readonly #onLine: (line: string) => void;
  #rest = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  add(text: string): void {
    const lines = `${this.#rest}${text}`.replaceAll(colours, '').split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#say(line);
  }

  end(): void {
    this.#say(this.#rest);
    this.#rest = '';
  }

  /** What redraws its line with carriage returns counts with what it says last. */
  #say(line: string): void {
    const last = line.replace(/\r+$/, '').split('\r').at(-1)?.trimEnd() ?? '';
    if (last !== '') this.#onLine(last);
  }
}

/** Text of one message; null: it has none for people. Progress of layers in bytes is left out, its end is told. */
export function textOf(message: ProgressMessage): string | null {
  if (message.stream !== undefined) return message.stream;
  if (message.status === undefined || message.progressDetail?.current !== undefined) return null;
  return `${message.id === undefined ? '' : `${message.id}: `}${message.status}\n`;
}

/** The id of the image that was made, when this message tells it. */
export function imageIdOf(message: ProgressMessage): string | null {
  const { aux } = message;
  if (typeof aux !== 'object' || aux === null || !('ID' in aux)) return null;
  return typeof aux.ID === 'string' ? aux.ID : null;
}
