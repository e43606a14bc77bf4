import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactDigest } from '../../../core/ids.ts';
import { LotseError } from '../../../core/errors.ts';

export interface TreeDigest {
  readonly digest: ArtifactDigest;
  readonly sizeBytes: number;
}

/**
 * SHA-256 over one line for each entry, sorted by path: path, kind, permission bits, and the content's own SHA-256 or the
 * target of a link. Times and owners do not count. Links are never followed.
 */
export async function digestTree(root: string): Promise<TreeDigest> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for (const path of (await pathsBelow(root, '')).toSorted()) {
    const found = await lstat(join(root, path));
    const mode = (found.mode & 0o7777).toString(8);
    if (found.isSymbolicLink()) hash.update(line([path, 'link', await readlink(join(root, path))]));
    else if (found.isDirectory()) hash.update(line([path, 'folder', mode]));
    else if (found.isFile()) {
      hash.update(line([path, 'file', mode, await digestFile(join(root, path))]));
      sizeBytes += found.size;
    } else {
      throw new LotseError('build-failed', `${path} is neither a file, a folder nor a link: it cannot be kept.`);
    }
  }
  return { digest: `sha256:${hash.digest('hex')}`, sizeBytes };
}

/** Everything below the folder, relative to the root; links are not followed. */
export async function pathsBelow(root: string, folder: string): Promise<readonly string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  const below = await Promise.all(
    entries.map(async (entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      return entry.isDirectory() ? [path, ...(await pathsBelow(root, path))] : [path];
    }),
  );
  return below.flat();
}

async function digestFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

function line(fields: readonly string[]): string {
  return `${JSON.stringify(fields)}\n`;
}
