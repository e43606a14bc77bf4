export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** What can be typed after a command. */
export interface CompletionWords {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly string[];
  readonly subcommands: readonly string[];
  /** Its first argument is an environment: those of the nearest lotse.yaml are offered. */
  readonly takesEnvironment: boolean;
}

/** A script that the shell loads. It knows commands and options by itself and asks `lotse` only for environments. */
export function completionScript(shell: Shell, commands: readonly CompletionWords[]): string {
  switch (shell) {
    case 'bash':
      return bashScript(commands);
    case 'zsh':
      return zshScript(commands);
    case 'fish':
      return fishScript(commands);
  }
}

const environments = 'lotse completion environments 2>/dev/null';

function bashScript(commands: readonly CompletionWords[]): string {
  const cases = commands.map(({ name, options, subcommands, takesEnvironment }) => {
    const words = [...subcommands, ...options].join(' ');
    return `    ${name}) words="${words}"${takesEnvironment ? `; [ "$COMP_CWORD" = 2 ] && words="$words $(${environments})"` : ''} ;;`;
  });
  return `# bash completion for lotse
_lotse() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words=""
  COMPREPLY=()
  if [ "$COMP_CWORD" = 1 ]; then
    words="${commands.map((command) => command.name).join(' ')} help --help --version"
  else
    case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _lotse lotse`;
}

function zshScript(commands: readonly CompletionWords[]): string {
  const list = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary.replaceAll(':', ' ')}`)}`);
  const cases = commands.map(({ name, options, subcommands, takesEnvironment }) => {
    const words = [...subcommands, ...options].map(quoted).join(' ');
    const asked = takesEnvironment ? `; (( CURRENT == 3 )) && offered+=(\${(f)"$(${environments})"})` : '';
    return `    ${name}) offered=(${words})${asked} ;;`;
  });
  return `#compdef lotse
_lotse() {
  local -a commands offered
  local typed=$words[2]
  commands=(
${list.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  case "$typed" in
${cases.join('\n')}
  esac
  compadd -- $offered
  _files
}
compdef _lotse lotse`;
}

function fishScript(commands: readonly CompletionWords[]): string {
  const lines = commands.flatMap(({ name, summary, options, subcommands, takesEnvironment }) => {
    const typed = `-n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c lotse -f -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
      ...subcommands.map((word) => `complete -c lotse ${typed} -f -a ${word}`),
      ...options.map((option) => `complete -c lotse ${typed} -l ${option.replace(/^--/, '')}`),
      ...(takesEnvironment ? [`complete -c lotse ${typed} -f -a '(${environments})'`] : []),
    ];
  });
  return `# fish completion for lotse\n${lines.join('\n')}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
