import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AttachedExec } from '../../../docker-engine/execs.ts';
import type { EntryOrder, Session, SessionOutput, SessionSignal, TerminalSize } from '../session.ts';
import type { DockerMachine } from './docker-machine.ts';

const askTimeoutMs = 10_000;
const endGraceMs = 1000;
const sessionVariable = 'LOTSE_SESSION';

/**
 * The engine ends no program that it has started in a container, so that is done from inside: all that carry the mark of the
 * session, which a shell reads without the NUL bytes between them. An image without a shell has nothing that could do it;
 * there the program ends with its input or its instance.
 */
const tellMarked = `for each in /proc/[0-9]*; do
  pid=\${each#/proc/}
  [ "$pid" = "$$" ] && continue
  line=
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in *"$1"*) kill -s "$2" "$pid"; break ;; esac
  done 2>/dev/null <"$each/environ"
done`;

/** Runs a program in a container that runs: with its variables, user, folder and limits. Errors: those of the engine. */
export async function enterContainer(
  { engine }: DockerMachine,
  container: string,
  { argv, terminal }: Pick<EntryOrder, 'argv' | 'terminal'>,
): Promise<Session> {
  const mark = `${sessionVariable}=${randomBytes(8).toString('hex')}`;
  const Env = [mark, ...(terminal === null ? [] : ['TERM=xterm-256color'])];
  const exec = await engine.execs.attach(container, { Cmd: argv, Env }, { terminal });
  exec.input.on('error', () => undefined); // The end of the output tells it.
  const resize = async (size: TerminalSize): Promise<void> => {
    await engine.execs.resize(exec.id, size, { timeoutMs: askTimeoutMs }).catch(() => undefined);
  };
  if (terminal !== null) await resize(terminal); // Engines before 23 know no size at the start.
  const { output, ended } = outputOf(exec, async () => {
    return await engine.execs.exitCode(exec.id, { timeoutMs: askTimeoutMs }).catch(() => null);
  });
  const tell = async (name: SessionSignal | 'SIGKILL'): Promise<void> => {
    const Cmd = ['sh', '-c', tellMarked, 'sh', mark, name.replace(/^SIG/, '')];
    await engine.execs.run(container, { Cmd }, { timeoutMs: askTimeoutMs }).catch(() => undefined);
  };
  return {
    input: exec.input,
    output,
    ended,
    async resize(size) {
      if (terminal !== null) await resize(size);
    },
    signal: tell,
    async close() {
      if (await Promise.race([ended.then(() => true), sleep(0, false)])) return;
      await tell('SIGHUP');
      if (!(await Promise.race([ended.then(() => true), sleep(endGraceMs, false)]))) await tell('SIGKILL');
      exec.input.destroy();
    },
  };
}

/** `ended` follows the end of the output: only then the engine knows the status. */
function outputOf(exec: AttachedExec, statusOf: () => Promise<number | null>) {
  const { promise: ended, resolve } = Promise.withResolvers<number | null>();
  async function* output(): AsyncGenerator<SessionOutput> {
    try {
      for await (const { stream, bytes } of exec.output) yield { stream: stream === 'stdout' ? 'out' : 'err', bytes };
    } catch {
      // The engine is gone; what it says of the status then tells the rest.
    } finally {
      resolve(await statusOf());
    }
  }
  return { output: output(), ended };
}
