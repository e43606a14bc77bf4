import { LotseError } from '../core/errors.ts';
import { runProgram } from './run-program.ts';
import { stateFolderName } from './state-folder.ts';

/** Where a folder stands in git. */
export interface GitState {
  /** Root of the working tree, absolute. */
  readonly root: string;
  /** The folder below the root: `apps/web/`, empty for the root itself. */
  readonly prefix: string;
  /** Full id of HEAD; null before the first commit. */
  readonly head: string | null;
  /** Null when no branch is checked out. */
  readonly branch: string | null;
  /** Paths below the folder that are changed, new or gone, compared with HEAD; without Lotse's own state. */
  readonly changed: readonly string[];
}

export interface GitCommit {
  readonly id: string;
  /** First line of the message. */
  readonly subject: string;
}

/** Null when the folder is in no repository, or there is no git on this machine. Throws when git refuses to look. */
export async function readGitState(folder: string): Promise<GitState | null> {
  const inside = await git(folder, ['rev-parse', '--show-toplevel', '--show-prefix']).catch((error: unknown) => {
    if (error instanceof LotseError && error.code === 'not-found') return null;
    throw error;
  });
  if (inside === null) return null;
  if (inside.exitCode !== 0) {
    if (/not a git repository/i.test(inside.stderr)) return null;
    throw new LotseError('bad-input', `git refuses to look at ${folder}`, {
      hint: 'The lines above are what git says; `--commit` and the working tree both need it.',
      details: inside.stderr.trim().split('\n'),
    });
  }
  const [root = '', prefix = ''] = inside.stdout.split('\n');
  const head = await git(folder, ['rev-parse', '--verify', '--quiet', 'HEAD']);
  const branch = await git(folder, ['symbolic-ref', '--short', '--quiet', 'HEAD']);
  return {
    root,
    prefix,
    head: head.exitCode === 0 ? head.stdout.trim() : null,
    branch: branch.exitCode === 0 ? branch.stdout.trim() : null,
    changed: await changedPaths(folder),
  };
}

/** Throws `not-found` for a name that is no commit. */
export async function readCommit(folder: string, ref: string): Promise<GitCommit> {
  const found = await git(folder, ['log', '-1', '--format=%H%n%s', '--end-of-options', ref, '--']);
  const [id = '', subject = ''] = found.stdout.split('\n');
  if (found.exitCode === 0 && /^[0-9a-f]{40,64}$/.test(id)) return { id, subject };
  throw new LotseError('not-found', `git knows no commit ${JSON.stringify(ref)}`, {
    hint: 'A commit id, a branch, a tag, HEAD~1: what `git log` understands. In a shallow clone, fetch it first.',
  });
}

/** Files of the working tree below the folder that git tracks or would track; relative, sorted. */
export async function workingTreeFiles(folder: string): Promise<readonly string[]> {
  const listed = await git(folder, ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate']);
  const gone = await git(folder, ['ls-files', '-z', '--deleted']);
  const missing = new Set(gone.stdout.split('\0'));
  return listed.stdout.split('\0').filter((path) => path !== '' && !missing.has(path));
}

async function changedPaths(folder: string): Promise<readonly string[]> {
  const status = await git(folder, ['status', '--porcelain=v1', '-z', '--no-renames', '--', '.']);
  const paths = status.stdout.split('\0').map((entry) => entry.slice(3));
  return paths.filter((path) => path !== '' && !path.split('/').includes(stateFolderName));
}

function git(folder: string, args: readonly string[]) {
  return runProgram(['git', '-C', folder, ...args], { cwd: folder });
}
