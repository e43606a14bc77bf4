/** One change that Stryker makes to the source. */
export interface Mutant {
  /** Stryker's number of it; only within one campaign. */
  readonly id: string;
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly mutator: string;
  /** The lines that it is in, on one line, as they are and as they become; long ones are cut. */
  readonly was: string;
  readonly becomes: string;
}

/** What names a mutant in the list of survivors, whichever line it is in by then. */
export function nameOf({ file, was, becomes }: Pick<Mutant, 'file' | 'was' | 'becomes'>): string {
  return `${file}\n${was}\n${becomes}`;
}

/** Where something is in a text; both counted from 0, as Stryker does. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Change {
  readonly start: Position;
  readonly end: Position;
  readonly replacement: string;
}

const mostBesides = 60;
const mostInside = 90;

/** Shows a change in the lines around it. */
export function describeChange(text: string, { start, end, replacement }: Change): Pick<Mutant, 'was' | 'becomes'> {
  const lines = text.split('\n');
  const first = lines[start.line] ?? '';
  const last = lines[end.line] ?? '';
  const inside =
    start.line === end.line
      ? first.slice(start.column, end.column)
      : [first.slice(start.column), ...lines.slice(start.line + 1, end.line), last.slice(0, end.column)].join(' ');
  const before = cutStart(onOneLine(first.slice(0, start.column)).trimStart());
  const after = cutEnd(onOneLine(last.slice(end.column)).trimEnd());
  const show = (code: string) => `${before}${cutMiddle(onOneLine(code))}${after}`;
  return { was: show(inside), becomes: show(replacement) };
}

/** The text with the change made to it. */
export function changed(text: string, { start, end, replacement }: Change): string {
  const lines = text.split('\n');
  const offsetOf = ({ line, column }: Position) => lines.slice(0, line).join('\n').length + (line > 0 ? 1 : 0) + column;
  return text.slice(0, offsetOf(start)) + replacement + text.slice(offsetOf(end));
}

function onOneLine(code: string): string {
  return code.replaceAll('`', "'").replaceAll(/\s+/g, ' ');
}

function cutStart(code: string): string {
  return code.length <= mostBesides ? code : `…${code.slice(-mostBesides)}`;
}

function cutEnd(code: string): string {
  return code.length <= mostBesides ? code : `${code.slice(0, mostBesides)}…`;
}

function cutMiddle(code: string): string {
  const half = mostInside / 2;
  return code.length <= mostInside ? code : `${code.slice(0, half)} … ${code.slice(-half)}`;
}
