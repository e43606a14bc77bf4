import { chmod, chown, lstat, mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LotseError } from '../../../core/errors.ts';
import { Secret } from '../../../core/secret.ts';
import type { Variables } from '../targets.ts';
import { shortHash } from './folders.ts';

/** Type of tmpfs in statfs(2). */
const tmpfs = 0x01021994;
const memoryFolders = ['/run', '/dev/shm'] as const;

/**
 * Secrets of instances as files in memory: a folder for each slot that its user may read and nobody else but root, written
 * before each start, taken away after the end. None of it ever reaches a disk, unless the machine swaps.
 */
export class SecretFiles {
  readonly #name: string;

  /** `state` tells state folders of one machine apart. */
  constructor(state: string) {
    this.#name = `lotse-${shortHash(state).slice(0, 12)}`;
  }

  /** Writes the secrets among the variables for a user (null: this one). Answers the folder. Errors: `bad-input` where there is no memory file system. */
  async write(slot: string, variables: Variables, user: number | null): Promise<string> {
    const folder = join(await this.#root(), shortHash(slot));
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { mode: 0o700 });
    for (const [name, value] of Object.entries(variables)) {
      if (!(value instanceof Secret)) continue;
      const file = join(folder, name);
      await writeFile(file, value.reveal(), { mode: 0o600, flag: 'wx' });
      await give(file, user, 0o440);
    }
    await give(folder, user, 0o550);
    return folder;
  }

  /** Harmless when there is none. */
  async remove(slot: string): Promise<void> {
    for (const memory of memoryFolders) {
      await rm(join(memory, this.#name, shortHash(slot)), { recursive: true, force: true });
    }
  }

  async #root(): Promise<string> {
    for (const memory of memoryFolders) {
      if (!(await isMemory(memory))) continue;
      const root = join(memory, this.#name);
      const isMade = await mkdir(root, { mode: 0o711 }).then(() => true, falseUnlessRefused);
      if (isMade === null) continue;
      if (isMade) await chmod(root, 0o711);
      await refuseForeign(root);
      return root;
    }
    throw new LotseError('bad-input', 'This machine has no file system in memory for secrets as files', {
      hint: 'It takes a tmpfs at /run or /dev/shm, as every Linux has it; otherwise leave out `secrets_as: files`.',
    });
  }
}

/** Variables with the paths of the files instead of their secrets: `NAME_FILE`. */
export function pointToFiles(variables: Variables, folder: string): Variables {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) =>
      value instanceof Secret ? [`${name}_FILE`, join(folder, name)] : [name, value],
    ),
  );
}

async function give(path: string, user: number | null, mode: number): Promise<void> {
  if (user !== null) await chown(path, user, user);
  await chmod(path, mode);
}

async function isMemory(folder: string): Promise<boolean> {
  return await statfs(folder).then(
    ({ type }) => type === tmpfs,
    () => false,
  );
}

/** False: it is there. Null: this user may make none here. */
function falseUnlessRefused(error: unknown): false | null {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'EEXIST') return false;
  if (code === 'EACCES' || code === 'EROFS') return null;
  throw error;
}

/** Everybody may make folders in /dev/shm: one that is not ours holds no secret. */
async function refuseForeign(root: string): Promise<void> {
  const found = await lstat(root);
  if (found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0) return;
  throw new LotseError('bad-input', `${root} was made by somebody else: no secret is put there`, {
    hint: 'Find out who, remove it, and give the secrets new values if you do not know them.',
  });
}
