import { splitCommand } from '../../manifest/command.ts';

/** A command as `run:` takes it: as it stands when no shell is needed for it, else handed to a shell by name. */
export function asRunLine(command: string): string {
  if ('argv' in splitCommand(command)) return command;
  return `sh -c ${quoteWord(withExec(command))}`;
}

/** The shell gives its place to a single command, which then hears SIGTERM itself. */
function withExec(command: string): string {
  if (/[;&|\n]/.test(command)) return command;
  const [, assignments = '', rest = ''] = /^((?:[A-Za-z_]\w*=\S*\s+)*)(.*)$/.exec(command) ?? [];
  return /^exec\s/.test(rest) ? command : `${assignments}exec ${rest}`;
}

/** Words so that splitting the line gives them back. */
export function quoteWords(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : quoteWord(word))).join(' ');
}

function quoteWord(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
