import { spawn } from 'node:child_process';
import { LotseError } from '../../../core/errors.ts';

export interface GitCall {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly variables?: Readonly<Record<string, string>>;
  /** No file that it writes may be larger. */
  readonly maxFileBytes: number;
  readonly signal: AbortSignal;
}

interface GitResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What it prints is for people or one line. */
const longestOutput = 64_000;
/** The limit of the shell is in blocks of 512 bytes (POSIX). Arguments come as they are. */
const limited = 'ulimit -f "$0" && exec "$@"';

/**
 * Runs git with none of this machine's settings, and asks nobody anything. Aborted: it is ended, and all that it started.
 * Errors: `not-found` without git; `cancelled` when aborted.
 */
export async function runGit({ args, cwd, variables = {}, maxFileBytes, signal }: GitCall): Promise<GitResult> {
  if (signal.aborted) throw new LotseError('cancelled', 'git was not started any more');
  const blocks = String(Math.ceil(maxFileBytes / 512));
  const child = spawn('/bin/sh', ['-c', limited, blocks, 'git', ...args], {
    cwd,
    // A group of its own: git starts programs that talk to the other side.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...quietEnvironment, ...variables },
  });
  const end = () => killGroup(child.pid);
  signal.addEventListener('abort', end, { once: true });
  try {
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name]
        .setEncoding('utf8')
        .on('data', (text: string) => (said[name] = (said[name] + text).slice(-longestOutput)));
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, by) => {
        if (by === 'SIGXFSZ') said.stderr += '\nFile size limit exceeded';
        resolve(code ?? 1);
      });
    });
    if (signal.aborted) throw new LotseError('cancelled', 'git was ended');
    if (exitCode === 127) throw new LotseError('not-found', 'there is no git on this machine', { hint: 'Install it.' });
    return { exitCode, ...said };
  } finally {
    signal.removeEventListener('abort', end);
  }
}

const quietEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ASKPASS: '/bin/false',
  SSH_ASKPASS: '/bin/false',
  // No other transport: an address can then name no program and no folder of this machine.
  GIT_ALLOW_PROTOCOL: 'https:http:ssh',
};

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
