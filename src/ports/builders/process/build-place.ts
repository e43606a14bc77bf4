import { execFile } from 'node:child_process';
import { chmod, chown, lstat, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Where the builder keeps things. A tree is built at the very path where it will run, because builds write their own
 * absolute path into what they make (caches, source maps, virtual environments). The digest is known only afterwards, so
 * the folder is named by the build, and the record says which digest it holds.
 */
export class BuildFolders {
  readonly state: string;

  constructor(state: string) {
    this.state = state;
  }

  get records(): string {
    return join(this.state, 'records');
  }

  get npmCache(): string {
    return join(this.state, 'npm-cache');
  }

  get scratch(): string {
    return join(this.state, 'scratch');
  }

  artifactsOf(app: string): string {
    return join(this.state, 'artifacts', app);
  }

  artifact(app: string, folder: string): string {
    return join(this.artifactsOf(app), folder);
  }
}

/** Makes a folder that others may enter on their way, but not list. */
export async function makePassage(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o711);
}

export async function makeOwned(folder: string, user: number | null): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (user !== null) await chown(folder, user, user);
}

/** Read-only for everybody, owned by Lotse, without special bits: the same modes whatever the umask of the build was. */
export async function seal(folder: string): Promise<void> {
  if (process.getuid?.() === 0) await run('chown', ['-R', '-h', '0:0', folder]);
  await run('chmod', ['-R', 'a+rX,a-w,u-s,g-s,o-t', folder]);
}

/** Removes a tree, sealed or not; nothing when it is not there. */
export async function removeTree(folder: string): Promise<void> {
  const isThere = await lstat(folder).then(
    () => true,
    () => false,
  );
  if (!isThere) return;
  if (process.getuid?.() !== 0) await run('chmod', ['-R', 'u+rwX', folder]);
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** The first folder on the way to the path that other users may not enter; null when the way is free. */
export async function closedFolderAbove(path: string): Promise<string | null> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const { mode } = await lstat(folder);
    if ((mode & 0o1) === 0) return folder;
    if (folder === dirname(folder)) return null;
  }
}
