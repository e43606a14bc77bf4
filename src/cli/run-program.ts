import { spawn } from 'node:child_process';
import { LotseError } from '../core/errors.ts';

export interface ProgramResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly cwd: string;
  readonly stdin?: string;
  readonly timeoutMs?: number;
}

/**
 * Runs a program to its end and answers what it said. Arguments are handed over as they are, never through a shell.
 * Throws `not-found` when there is no such program, `timeout` when it takes too long.
 */
export function runProgram(argv: readonly [string, ...string[]], options: ProgramOptions): Promise<ProgramResult> {
  const [program, ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      timeout: options.timeoutMs ?? 120_000,
      env: plainEnvironment(process.env),
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.stdin.on('error', () => undefined); // it may end without reading all
    child.stdin.end(options.stdin ?? '');
    child.once('error', (cause) => {
      reject(new LotseError('not-found', `${program} could not be started: ${cause.message}`, { cause }));
    });
    child.once('close', (exitCode, signal) => {
      const stdout = Buffer.concat(out).toString('utf8');
      const stderr = Buffer.concat(err).toString('utf8');
      if (signal === null) resolve({ exitCode: exitCode ?? 1, stdout, stderr });
      else reject(new LotseError('timeout', `${program} ${args[0] ?? ''} was ended by ${signal}`));
    });
  });
}

/** Messages in English, because they are looked at; no repository but the one of the folder; no files of macOS alone. */
function plainEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { GIT_DIR: _dir, GIT_WORK_TREE: _tree, GIT_INDEX_FILE: _index, ...rest } = env;
  return { ...rest, LC_ALL: 'C', COPYFILE_DISABLE: '1' };
}
