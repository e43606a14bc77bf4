import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** The parts of a unit file that say how its program is started. */
export interface UnitProgram {
  readonly argv: readonly string[];
  readonly before: readonly (readonly string[])[];
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  /** A user other than root is played by nobody, where this process may become another. */
  readonly uid: number | null;
}

/** Debian's `nobody`. */
export const nobody = 65_534;

/** As systemd.service(5) reads it; words with blanks are not split, and none of ours has any. */
export function readUnit(file: string): UnitProgram {
  const lines = readFileSync(file, 'utf8').split('\n');
  const all = (key: string) =>
    lines.flatMap((line) => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : []));
  const words = (text: string) => text.replace(/^-/, '').split(' ');
  const pairs = all('Environment').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]);
  return {
    argv: words(all('ExecStart')[0] ?? ''),
    before: all('ExecStartPre').map(words),
    environment: Object.fromEntries(pairs),
    folder: all('WorkingDirectory')[0] ?? '/',
    uid: all('User').length > 0 && process.getuid?.() === 0 ? nobody : null,
  };
}

/** What a unit runs, started as systemd starts it: with nothing of this process's environment, in a session of its own. */
export class UnitProcess {
  readonly pid: number;
  /** Lines of standard output and standard error. */
  readonly said: string[] = [];
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;

  private constructor(program: UnitProgram, argv: readonly string[]) {
    const [command = '', ...rest] = argv;
    this.#child = spawn(command, rest, {
      cwd: program.folder,
      env: program.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      ...(program.uid === null ? {} : { uid: program.uid, gid: program.uid }),
    });
    this.pid = this.#child.pid ?? 0;
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.said.push(line));
    }
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('exit', (exitCode) => resolve(exitCode));
    });
    this.ended.catch(() => undefined);
  }

  /** Starts its `ExecStart` after each `ExecStartPre` has ended. */
  static async start(program: UnitProgram): Promise<UnitProcess> {
    for (const argv of program.before) await new UnitProcess(program, argv).ended;
    return new UnitProcess(program, program.argv);
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    return await this.ended;
  }
}
