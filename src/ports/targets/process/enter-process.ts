import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readlink } from 'node:fs/promises';
import { constants } from 'node:os';
import { PassThrough, type Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { LotseError } from '../../../core/errors.ts';
import type { EntryOrder, Session, SessionOutput, TerminalSize } from '../session.ts';
import type { AttemptCommand } from './attempt.ts';
import { readText } from '../slots/state-files.ts';
import { markerVariable } from './host.ts';
import type { MachineTools } from './tools.ts';

/**
 * Joins the control groups of the instance and becomes the program. Descriptor 3 is a pipe that the control plane holds:
 * when it closes, whatever the reason, the whole process group goes. Whoever watches it is no child of the program: script(1)
 * waits for all that it has. A fixed text; what users wrote comes as arguments.
 */
const joinAndBecome = `
groups=$1
shift
while [ "$groups" -gt 0 ]; do
  echo 0 >"$1" || exit 74
  shift
  groups=$((groups - 1))
done
leader=$$
(
  {
    trap '' HUP INT TERM QUIT
    read -r _ <&3
    kill -HUP "-$leader"
    /bin/sleep 2
    kill -KILL "-$leader"
  } >/dev/null 2>&1 </dev/null &
)
exec "$@" 3<&-
`;

/** For the shell that script(1) starts; it becomes what stands behind it. */
const becomeInTerminal = 'stty rows "$LINES" cols "$COLUMNS" 2>/dev/null; unset LINES COLUMNS; exec';
/** What is under way when it is told to end may take so long, in milliseconds. */
const patienceMs = 5000;

/** Runs a program with all that the command of an instance has. Errors: `not-built-yet` without script(1). */
export function enterProcess(
  tools: MachineTools,
  command: AttemptCommand,
  marker: string,
  { argv, terminal }: Pick<EntryOrder, 'argv' | 'terminal'>,
): Session {
  const joins = command.controlGroup?.joinFiles ?? [];
  const program = terminal === null ? argv : inTerminal(tools, argv);
  const words = [
    '-c',
    joinAndBecome,
    'sh',
    String(joins.length),
    ...joins,
    ...becoming(tools, command.user),
    ...program,
  ];
  const size = terminal === null ? {} : { ...sizeVariables(terminal), TERM: 'xterm-256color' };
  const child = spawn('/bin/sh', words, {
    cwd: command.workingFolder,
    env: { ...command.environment, ...size, [markerVariable]: marker },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  return sessionOf(child, tools, terminal);
}

/** script(1) makes the terminal; without it there is none to be had without native code. */
function inTerminal(tools: MachineTools, argv: readonly string[]): readonly string[] {
  if (tools.script === null || process.platform !== 'linux') {
    throw new LotseError('not-built-yet', 'There is no terminal to be had on this machine: it has no script(1)', {
      hint: 'On Linux it comes with util-linux. Without a terminal it works: `--no-terminal`.',
    });
  }
  // script takes one text and no words: each is quoted, so that the shell reads back exactly what it was.
  const text = [becomeInTerminal, ...argv.map(quoted)].join(' ');
  return ['/usr/bin/env', 'SHELL=/bin/sh', tools.script, '-q', '-e', '-f', '-c', text, '/dev/null'];
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function sizeVariables({ columns, rows }: TerminalSize): Readonly<Record<string, string>> {
  return { COLUMNS: String(columns), LINES: String(rows) };
}

function becoming(tools: MachineTools, user: number | null): readonly string[] {
  if (user === null || tools.setpriv === null) return [];
  return [tools.setpriv, `--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--no-new-privs', '--'];
}

function sessionOf(child: ChildProcess, tools: MachineTools, terminal: TerminalSize | null): Session {
  const [input, out, err, leash] = child.stdio;
  if (input === null || out === null || err === null || leash == null || child.stdin === null) {
    throw new LotseError('internal', 'A process without its pipes');
  }
  for (const pipe of [child.stdin, leash]) pipe.on('error', () => undefined); // It has ended, which is heard below.
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('exit', (code, signal) => resolve(signal === null ? code : 128 + constants.signals[signal]));
  });
  void ended.then(() => leash.destroy());
  return {
    input: child.stdin,
    output: merged(child),
    ended,
    async resize(size) {
      const device = terminal === null ? null : await terminalOf(child.pid);
      if (device === null || tools.stty === null) return;
      const args = ['-F', device, 'rows', String(size.rows), 'cols', String(size.columns)];
      const setting = spawn(tools.stty, args, { stdio: 'ignore' });
      await once(setting, 'exit').catch(() => undefined);
    },
    async signal(name) {
      if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) kill(-child.pid, name);
    },
    async close() {
      leash.destroy();
      await Promise.race([ended, sleep(patienceMs, undefined, { ref: false })]);
    },
  };
}

function kill(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended in the meantime.
  }
}

/** Both outputs in one, as slowly as it is read; it ends with the last of them. */
function merged({ stdout, stderr }: ChildProcess): AsyncIterable<SessionOutput> {
  const all = new PassThrough({ objectMode: true, highWaterMark: 16 });
  const open = new Set<Readable>();
  const take = (stream: 'out' | 'err', from: Readable | null): void => {
    if (from === null) return;
    open.add(from);
    from.on('data', (bytes: Buffer) => {
      if (all.write({ stream, bytes } satisfies SessionOutput)) return;
      from.pause();
      all.once('drain', () => from.resume());
    });
    from.once('close', () => {
      open.delete(from);
      if (open.size === 0) all.end();
    });
  };
  take('out', stdout);
  take('err', stderr);
  return all;
}

/** The device that the program has as its terminal: script(1), which we started, is its parent. */
async function terminalOf(pid: number | undefined): Promise<string | null> {
  const children = (await readText(`/proc/${pid}/task/${pid}/children`)) ?? '';
  for (const child of children.split(' ').filter((name) => /^\d+$/.test(name))) {
    const device = await readlink(`/proc/${child}/fd/0`).catch(() => '');
    if (/^\/dev\/pts\/\d+$/.test(device)) return device;
  }
  return null;
}
