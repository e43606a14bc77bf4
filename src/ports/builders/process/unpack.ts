import { execFile } from 'node:child_process';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { LotseError } from '../../../core/errors.ts';

const run = promisify(execFile);

/** Refuses a source whose names lead out of it, before anything is unpacked. Error: `bad-input`. */
export async function checkSource(sourceTar: string): Promise<void> {
  const names = await listNames(sourceTar);
  const bad = names.find((name) => name.startsWith('/') || name.split('/').includes('..'));
  if (bad === undefined) return;
  throw new LotseError('bad-input', `The source holds "${bad}", a path that leads out of the app's folder.`, {
    hint: 'Pack the source with paths relative to the folder of lotse.yaml.',
  });
}

/** tar(1), GNU and BSD, from standard input: owners and special modes of the source do not count. */
export const unpackArguments = ['tar', '-x', '-f', '-', '--no-same-owner', '--no-same-permissions'] as const;

/** Links that lead out of the tree: what they name is no part of the artifact. */
export async function findLinksOut(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.filter((candidate) => candidate.isSymbolicLink())) {
    const path = join(entry.parentPath, entry.name);
    const target = resolve(dirname(path), await readlink(path));
    if (relative(root, target).startsWith('..')) found.push(relative(root, path));
  }
  return found;
}

async function listNames(sourceTar: string): Promise<readonly string[]> {
  await lstat(sourceTar).catch((cause: unknown) => {
    throw new LotseError('bad-input', `There is no source at ${sourceTar}.`, { cause });
  });
  try {
    const { stdout } = await run('tar', ['-t', '-f', sourceTar], { maxBuffer: 256 * 2 ** 20 });
    return stdout.split('\n').filter(Boolean);
  } catch (cause) {
    throw new LotseError('bad-input', 'The source is not a readable tar file.', { cause });
  }
}
