import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { BackupFile } from './backup-manifest.ts';

/** What of a state folder goes into a backup as it lies there; the database is copied. Folders go with all that is in them. */
const kept: readonly string[] = [
  'control/vault.key',
  'control/probe.key',
  'control/local-ca',
  // How other machines, the engine and the users of environments know this state.
  'servers/id',
  'docker/target/id',
  'target/users.json',
  'target/sealing.key',
  // What was built from what.
  'builds/records',
  'docker/builds',
];
/** Built files: without them a release has to be built again before it can start on another machine. */
const artifacts = 'builds/artifacts';

/** Every path below the state folder that goes into a backup, folders before what is in them. */
export async function pathsToKeep(stateDir: string, withArtifacts: boolean): Promise<readonly string[]> {
  const roots = withArtifacts ? [...kept, artifacts] : kept;
  const found = (await Promise.all(roots.map((path) => pathsBelow(stateDir, path)))).flat();
  return [...foldersAbove(found), ...found];
}

/** With them their modes come along, which keep others out. The control plane's own folder comes with the database. */
function foldersAbove(paths: readonly string[]): readonly string[] {
  const above = paths.flatMap((path) => {
    const names = path.split('/').slice(0, -1);
    return names.map((_, index) => names.slice(0, index + 1).join('/'));
  });
  const known = new Set([...paths, 'control']);
  return [...new Set(above)].filter((path) => !known.has(path));
}

async function pathsBelow(stateDir: string, path: string): Promise<readonly string[]> {
  const found = await lstat(join(stateDir, path)).catch(() => null);
  if (found === null) return [];
  if (!found.isDirectory()) return found.isFile() || found.isSymbolicLink() ? [path] : [];
  const names = await readdir(join(stateDir, path));
  const below: (readonly string[])[] = [];
  for (const name of names.sort()) below.push(await pathsBelow(stateDir, `${path}/${name}`));
  return [path, ...below.flat()];
}

/** Size and SHA-256 of the plain files among these paths. */
export async function describeFiles(folder: string, paths: readonly string[]): Promise<readonly BackupFile[]> {
  const files: BackupFile[] = [];
  for (const path of paths) {
    const file = join(folder, path);
    const { size: bytes, isPlain } = await lstat(file).then((found) => ({ size: found.size, isPlain: found.isFile() }));
    if (isPlain) files.push({ path, bytes, sha256: await hashOf(file) });
  }
  return files;
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
