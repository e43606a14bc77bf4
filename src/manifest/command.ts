/** An argument vector, or the reason why the text is none. Offsets count characters of the text, from 0. */
export type SplitCommand =
  { readonly argv: readonly [string, ...string[]] } | { readonly refused: string; readonly offset: number };

const adviceToUseShell = "write `sh -c '…'` when a shell is meant";

/** What a shell would act on outside of quotes; here it would be handed over as a plain character, which nobody means. */
const shellCharacters: Readonly<Record<string, string>> = {
  '|': 'a pipe',
  '&': '`&`',
  ';': '`;`',
  '<': 'a redirection',
  '>': 'a redirection',
  '(': 'a parenthesis',
  ')': 'a parenthesis',
  '`': 'a backtick',
  $: 'a variable',
  '*': 'a pattern',
  '?': 'a pattern',
  '[': 'a pattern',
  '\n': 'a second line',
  '\r': 'a second line',
};

/**
 * Splits a command into its arguments, as a POSIX shell splits words (IEEE Std 1003.1-2024, 2.2 Quoting), without a shell:
 *
 * - words are separated by spaces or tabs;
 * - inside `'…'` every character stands for itself;
 * - inside `"…"` a backslash takes the meaning from `"`, `\`, `$` and a backtick; before others it stays;
 * - outside of quotes a backslash takes the meaning from the next character;
 * - whatever a shell would act on (`|`, `&&`, `>`, `$NAME`, `*`, `~`, `NAME=value` in front) is refused, never guessed.
 */
export function splitCommand(command: string): SplitCommand {
  const text = command.trim();
  const leading = command.length - command.trimStart().length;
  const words: string[] = [];
  let at = 0;
  while (at < text.length) {
    if (isBlank(text[at])) {
      at += 1;
      continue;
    }
    const word = readWord(text, at, words.length === 0);
    if ('refused' in word) return { refused: word.refused, offset: leading + word.offset };
    words.push(word.value);
    at = word.end;
  }
  const [program, ...rest] = words;
  if (program === undefined) return { refused: 'the command is empty', offset: 0 };
  if (program === '') return { refused: 'the program to start is an empty word', offset: leading };
  return { argv: [program, ...rest] };
}

type Word = { readonly value: string; readonly end: number } | { readonly refused: string; readonly offset: number };

function readWord(text: string, start: number, isFirst: boolean): Word {
  if (text[start] === '~') return refuse('`~` would not become the home folder', start);
  if (text[start] === '#') return { refused: 'a word cannot begin with `#`; put it in quotes', offset: start };
  if (isFirst && /^[A-Za-z_]\w*=/.test(text.slice(start, start + 200))) {
    return { refused: 'a variable in front of a command is refused; give it under `config`', offset: start };
  }
  let value = '';
  let at = start;
  while (at < text.length && !isBlank(text[at])) {
    const piece = readPiece(text, at);
    if ('refused' in piece) return piece;
    value += piece.value;
    at = piece.end;
  }
  return { value, end: at };
}

/** One character, one escaped character, or one quoted stretch. */
function readPiece(text: string, at: number): Word {
  const character = text[at] ?? '';
  if (character === "'") {
    const end = text.indexOf("'", at + 1);
    if (end < 0) return { refused: "a quote (') is opened and never closed", offset: at };
    return { value: text.slice(at + 1, end), end: end + 1 };
  }
  if (character === '"') return readDoubleQuoted(text, at);
  if (character === '\\') {
    const next = text[at + 1];
    if (next === undefined || next === '\n') return { refused: 'a backslash stands at the end of a line', offset: at };
    return { value: next, end: at + 2 };
  }
  const meaning = Object.hasOwn(shellCharacters, character) ? shellCharacters[character] : undefined;
  return meaning === undefined
    ? { value: character, end: at + 1 }
    : refuse(`${meaning} means nothing without a shell`, at);
}

function readDoubleQuoted(text: string, start: number): Word {
  let value = '';
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text[at] ?? '';
    const next = text[at + 1] ?? '';
    if (character === '"') return { value, end: at + 1 };
    if (character === '$' || character === '`') {
      return refuse(`${character === '$' ? 'a variable' : 'a backtick'} means nothing without a shell`, at);
    }
    if (character === '\\' && ['"', '\\', '$', '`'].includes(next)) {
      value += next;
      at += 1;
    } else {
      value += character;
    }
  }
  return { refused: 'a quote (") is opened and never closed', offset: start };
}

function refuse(reason: string, offset: number): Word {
  return { refused: `${reason}; quote it if it is meant as it stands, or ${adviceToUseShell}`, offset };
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}
