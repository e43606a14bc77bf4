import { stripVTControlCharacters } from 'node:util';

/** Columns that a text takes on a terminal: escape sequences take none. Wide characters are counted as one. */
export function widthOf(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

export function padTo(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** Text of others on one line of ours: no escape sequence, no control character. A tab becomes two blanks. */
export function harmless(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll('\t', '  ')
    .replace(/\p{Cc}/gu, '');
}

/** Cuts a line to `width` columns and ends it with `…`; escape sequences stay whole. */
export function cutTo(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let left = Math.max(0, width - 1);
  let cut = '';
  for (const [piece] of text.matchAll(/\p{Cc}\[[0-9;]*m|./gsu)) {
    const isSequence = piece.startsWith('\u001b[');
    if (!isSequence && left === 0) continue;
    if (!isSequence) left -= 1;
    cut += piece;
  }
  return `${cut}…`;
}

/** Breaks a text at blanks into lines of at most `width` columns; a longer word stays whole. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(/(?<=\S) (?=\S)/)) {
    const last = lines.at(-1);
    if (last === undefined || widthOf(last) + 1 + widthOf(word) > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** Columns as wide as their widest cell, two blanks between them, no blanks at the end of a line. */
export function layOut(rows: readonly (readonly string[])[]): readonly string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, index) =>
    Math.max(0, ...rows.map((row) => widthOf(row[index] ?? ''))),
  );
  return rows.map((row) =>
    row
      .map((cell, index) => padTo(cell, widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
