import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** Ignored, and yet what a service runs or reads: what a compiler wrote, and local settings. */
const runsAllTheSame = /\.(?:[cm]?[jt]sx?|py|rb|php|wasm|node)$|(?:^|\/)\.env[^/]*$/;

/**
 * Without the files that git ignores: uploads, databases and logs that the app itself writes beside its code would
 * restart it for ever. Outside git, or without git, everything passes.
 */
export async function withoutIgnored(folder: string, paths: readonly string[]): Promise<readonly string[]> {
  const asked = paths.filter((path) => !runsAllTheSame.test(path));
  if (asked.length === 0) return paths;
  const ignored = new Set(await askGit(folder, asked));
  return paths.filter((path) => !ignored.has(path));
}

/** `git check-ignore` (git-scm.com/docs/git-check-ignore) answers those that are ignored, separated by NUL. */
async function askGit(folder: string, paths: readonly string[]): Promise<readonly string[]> {
  const git = spawn('git', ['-C', folder, 'check-ignore', '-z', '--stdin'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const failed = new Promise<string>((resolve) => {
    git.once('error', () => resolve(''));
  });
  git.stdin.on('error', () => undefined); // it ends before it has read all: it has nothing to say
  git.stdin.end(paths.map((path) => `${path}\0`).join(''));
  const answer = await Promise.race([text(git.stdout), failed]);
  return answer.split('\0').filter((path) => path !== '');
}
