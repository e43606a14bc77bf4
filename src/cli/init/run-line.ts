import { splitCommand } from '../../manifest/command.ts';

/** A command as `run:` takes it: as it stands when no shell is needed for it, else handed to a shell by name. */
export function asRunLine(command: string): string {
  if ('argv' in splitCommand(command)) return command;
  return `sh -c ${quoteWord(command)}`;
}

/** Words so that splitting the line gives them back. */
export function quoteWords(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : quoteWord(word))).join(' ');
}

function quoteWord(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
