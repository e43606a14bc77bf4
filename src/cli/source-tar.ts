import { openAsBlob } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LotseError } from '../core/errors.ts';
import { manifestFile } from './app-folder.ts';
import { readCommit, readGitState, workingTreeFiles, type GitState } from './git.ts';
import { runProgram } from './run-program.ts';
import { stateFolderName } from './state-folder.ts';

/** How the source of an app is told apart from others when there is no git. */
export const noCommit = '0'.repeat(40);

export interface SourceWishes {
  /** Absolute; has lotse.yaml at its root. */
  readonly folder: string;
  /** This commit instead of what lies in the folder. */
  readonly commit?: string;
  /** The working tree, even when nothing is changed. */
  readonly dirty?: boolean;
}

/** What goes to the control plane: a tar with the app's folder as its root. */
export interface PackedSource {
  readonly tar: Blob;
  readonly sizeBytes: number;
  readonly commit: string;
  /** The working tree with changes that are in no commit. */
  readonly dirty: boolean;
  readonly branch: string | null;
  readonly subject: string | null;
  /** Changed paths, when it is dirty in git. */
  readonly changed: readonly string[];
}

/**
 * Packs a commit, or the working tree when something in it is changed (git's ignore rules hold; without git all but
 * node_modules), gives the tar to `use`, and removes it afterwards. Lotse's own state is never in it.
 */
export async function withPackedSource<T>(wishes: SourceWishes, use: (source: PackedSource) => Promise<T>): Promise<T> {
  const scratch = await mkdtemp(join(tmpdir(), 'lotse-source-'));
  try {
    const file = join(scratch, 'source.tar');
    const what = await pack(wishes, file);
    const { size } = await stat(file);
    return await use({ ...what, tar: await openAsBlob(file), sizeBytes: size });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

type Packed = Omit<PackedSource, 'tar' | 'sizeBytes'>;

async function pack(wishes: SourceWishes, file: string): Promise<Packed> {
  const { folder } = wishes;
  const git = await readGitState(folder);
  if (git === null && wishes.commit !== undefined) {
    throw new LotseError('bad-input', `${folder} is in no git repository, so there is no commit to take`, {
      hint: 'Leave --commit out: the folder itself is packed.',
    });
  }
  if (git === null) {
    await tarOf(folder, await filesWithoutGit(folder), file);
    return { commit: noCommit, dirty: true, branch: null, subject: null, changed: [] };
  }
  const takesTree = wishes.commit === undefined && (wishes.dirty === true || git.changed.length > 0);
  if (takesTree || git.head === null) return packWorkingTree(folder, git, file);
  return packCommit(folder, git, wishes.commit ?? 'HEAD', file);
}

async function packCommit(folder: string, git: GitState, ref: string, file: string): Promise<Packed> {
  const commit = await readCommit(folder, ref);
  // In a folder of the repository git archives that folder; with a commit (not a tree) times are the commit's, so the
  // same commit gives the same bytes.
  const archive = ['git', '-C', folder, 'archive', '--format=tar', `--output=${file}`, commit.id] as const;
  const archived = await runProgram(archive, { cwd: folder });
  const where = `${git.prefix}${manifestFile}`;
  const hasManifest = await runProgram(['git', '-C', folder, 'cat-file', '-e', `${commit.id}:${where}`], {
    cwd: folder,
  });
  if (archived.exitCode !== 0 || hasManifest.exitCode !== 0) {
    throw new LotseError('not-found', `Commit ${commit.id.slice(0, 7)} has no ${where}`, {
      hint: `Commit it (\`git add ${where}\`), or deploy the working tree with --dirty.`,
      details: archived.exitCode === 0 ? [] : archived.stderr.trim().split('\n'),
    });
  }
  const branch = ref === 'HEAD' ? git.branch : null;
  return { commit: commit.id, dirty: false, branch, subject: commit.subject, changed: [] };
}

async function packWorkingTree(folder: string, git: GitState, file: string): Promise<Packed> {
  const files = await workingTreeFiles(folder);
  await tarOf(folder, files.filter(isNotState), file);
  const subject = git.head === null ? null : (await readCommit(folder, git.head)).subject;
  return { commit: git.head ?? noCommit, dirty: true, branch: git.branch, subject, changed: git.changed };
}

function isNotState(path: string): boolean {
  return !path.split('/').includes(stateFolderName);
}

async function filesWithoutGit(folder: string): Promise<readonly string[]> {
  const files: string[] = [];
  const walk = async (below: string): Promise<void> => {
    for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
      if (['node_modules', '.git', stateFolderName].includes(entry.name)) continue;
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) await walk(path);
      else if (entry.isFile() || entry.isSymbolicLink()) files.push(path);
    }
  };
  await walk('');
  return files.sort();
}

/** GNU tar and bsdtar alike: a list of names that ends each with NUL, no folder goes in with all that is in it. */
async function tarOf(folder: string, files: readonly string[], file: string): Promise<void> {
  const stdin = files.map((path) => `./${path}\0`).join('');
  const done = await runProgram(['tar', '-cf', file, '-C', folder, '--no-recursion', '--null', '-T', '-'], {
    cwd: folder,
    stdin,
    timeoutMs: 600_000,
  });
  if (done.exitCode === 0) return;
  throw new LotseError('bad-input', `The files of ${folder} could not be packed`, {
    hint: 'Can you read all of them? Did something change while they were packed?',
    details: done.stderr.trim().split('\n').slice(-10),
  });
}
