import { Command, CommanderError } from 'commander';
import { LotseError } from '../core/errors.ts';
import { commandList } from './command-list.ts';
import type { Context } from './context.ts';
import { exitOk } from './exit-codes.ts';
import { packageVersion } from './package-version.ts';
import { reportError } from './report-error.ts';

/** Runs one command to its end and answers the exit code; never throws. `words` are those before `--`. */
export async function runCommandLine(words: readonly string[], context: Context): Promise<number> {
  try {
    const program = await buildProgram(words, context);
    await program.parseAsync([...words], { from: 'user' });
    return context.exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === exitOk) return exitOk;
    const error = thrown instanceof CommanderError ? wrongWords(thrown) : thrown;
    return reportError(error, context.out, context.env);
  }
}

/** All commands by name; only the one that is typed knows its options. */
export async function buildProgram(words: readonly string[], context: Context): Promise<Command> {
  const program = new Command('lotse');
  configure(program, context);
  program
    .description('The pilot for releases: from a commit to production, and back when it must.')
    .version(packageVersion, '-v, --version', 'print the version')
    .usage('<command> [options]')
    .addHelpText('after', globalHelp);
  if (words.length === 0) program.action(() => program.outputHelp());
  const typed = typedCommand(words);
  for (const entry of commandList) {
    const command = program.command(entry.name).summary(entry.summary).helpGroup(entry.group);
    command.description(`${entry.summary.charAt(0).toUpperCase()}${entry.summary.slice(1)}.`);
    configure(command, context);
    if (entry.name === typed || typed === 'every command') (await entry.load())(command, context);
  }
  program.commandsGroup(commandList.at(-1)?.group ?? '').helpCommand('help [command]', 'explain a command');
  return program;
}

const globalHelp = `
Which control plane: --context or LOTSE_CONTEXT, LOTSE_SERVER with LOTSE_TOKEN, what \`lotse login\` was told last, else
the one whose .lotse folder lies here or above.
Explained in full, with examples and exit codes: lotse help <command>`;

/** `lotse deploy`, `lotse help deploy`, `lotse --help deploy`. */
function typedCommand(words: readonly string[]): string | undefined {
  return words.find((word) => !word.startsWith('-') && word !== 'help');
}

function configure(command: Command, context: Context): void {
  const { out } = context;
  command
    .exitOverride()
    .helpOption('-h, --help', 'explain this command')
    .configureOutput({
      writeOut: (text) => void out.stdout.write(text),
      writeErr: () => undefined, // said by reportError, in our own form
      getOutHelpWidth: () => Math.min(out.stdout.columns ?? 100, 110),
      getOutHasColors: () => true, // `paint` decides
    })
    .configureHelp({
      styleTitle: (text) => out.paint(text, 'bold'),
      styleCommandText: (text) => out.paint(text, 'cyan'),
      styleSubcommandText: (text) => out.paint(text, 'cyan'),
      styleOptionText: (text) => out.paint(text, 'cyan'),
      styleArgumentText: (text) => out.paint(text, 'cyan'),
      subcommandDescription: (one) => one.summary(),
    });
}

/** `error: unknown command 'deplyo'\n(Did you mean deploy?)` in the form of all our errors. */
function wrongWords(error: CommanderError): LotseError {
  const [first = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  const help = '`lotse --help` lists the commands, `lotse help <command>` their options.';
  const hint = suggestion === undefined ? help : suggestion.replace(/^\(|\)$/g, '');
  return new LotseError('bad-input', `${first.charAt(0).toUpperCase()}${first.slice(1)}`, { hint });
}
