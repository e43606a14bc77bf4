import { execFileSync } from 'node:child_process';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { SourceEntry } from '../../src/ports/builders/builders.contract.ts';

/** Writes the source into the folder and packs it beside it. The tar file is readable by its owner only, as Lotse's own uploads are. */
export async function packSource(folder: string, source: Readonly<Record<string, SourceEntry>>): Promise<string> {
  await mkdir(folder);
  for (const [name, entry] of Object.entries(source)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    if (typeof entry === 'string') await writeFile(path, entry);
    else if ('link' in entry) await symlink(entry.link, path);
    else await writeFile(path, entry.text, { mode: entry.mode });
  }
  const tar = `${folder}.tar`;
  execFileSync('tar', ['-cf', tar, '-C', folder, '.']);
  await chmod(tar, 0o600);
  return tar;
}
