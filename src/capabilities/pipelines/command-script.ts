/**
 * Takes the first command (a count and so many words) from its arguments, says it, runs it, and goes on with the next one
 * until one fails. What is run are arguments and never text of the script, so that no shell reads what users write.
 */
const script = `while [ $# -gt 0 ]; do
  words=$1; shift
  (
    rest=$#; place=0
    while [ "$place" -lt "$rest" ]; do
      word=$1; shift
      if [ "$place" -lt "$words" ]; then set -- "$@" "$word"; fi
      place=$((place + 1))
    done
    printf '$ %s\\n' "$*"
    exec "$@"
  ) || exit $?
  shift "$words"
done`;

/** One program that runs these commands one after the other; it ends as the first that fails. */
export function commandScript(commands: readonly (readonly string[])[]): readonly string[] {
  return ['sh', '-c', script, 'lotse', ...commands.flatMap((words) => [String(words.length), ...words])];
}
