import type { Command } from 'commander';
import { devEnvironment } from '../../manifest/names.ts';
import { nearestOf } from '../../manifest/nearest.ts';
import { LotseError } from '../../core/errors.ts';
import { findAppFolder, readAppFolder } from '../app-folder.ts';
import { buildProgram } from '../command-line.ts';
import { withHelp } from '../command-options.ts';
import { completionScript, shells, type CompletionWords } from '../completion-script.ts';
import type { Context } from '../context.ts';

export function completionCommand(command: Command, context: Context): void {
  command.argument('<shell>', `one of ${shells.join(', ')}`);
  withHelp(
    command,
    [
      ['lotse completion bash > ~/.local/share/bash-completion/completions/lotse', ''],
      ['lotse completion zsh > "${fpath[1]}/_lotse"', ''],
      ['lotse completion fish > ~/.config/fish/completions/lotse.fish', ''],
    ],
    { ok: 'the script is printed', errors: ['bad-input'] },
  );
  command.action(async (shell: string) => {
    // Asked by the scripts themselves while a person types: fast, silent, without the network.
    if (shell === 'environments') return context.out.lines(environmentNames(context));
    const found = shells.find((each) => each === shell);
    if (found === undefined) {
      const nearest = nearestOf(shell, shells);
      throw new LotseError('bad-input', `There is no completion for ${JSON.stringify(shell)}`, {
        hint: nearest === null ? `There is one for ${shells.join(', ')}.` : `Did you mean ${nearest}?`,
      });
    }
    const program = await buildProgram(['every command'], context);
    context.out.line(completionScript(found, program.commands.map(wordsOf)));
  });
}

function wordsOf(command: Command): CompletionWords {
  const [first] = command.registeredArguments;
  return {
    name: command.name(),
    summary: command.summary(),
    options: command.options.flatMap((option) => (option.long == null ? [] : [option.long])),
    subcommands: command.commands.map((each) => each.name()),
    takesEnvironment: first?.name() === 'environment',
  };
}

function environmentNames(context: Context): readonly string[] {
  if (findAppFolder(context.cwd) === null) return [];
  try {
    const { environments } = readAppFolder(context.cwd, context.cwd).manifest;
    return environments.map((each) => each.environment).filter((name) => name !== devEnvironment);
  } catch {
    return []; // a wrong lotse.yaml is said by the command itself
  }
}
