import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { LotseError } from '../core/errors.ts';
import type { UnixMs } from '../core/ids.ts';
import { backupDatabase } from '../database/backup.ts';
import { openDatabase } from '../database/open-database.ts';
import { settledMigrations } from '../database/state-version.ts';
import { seal, type SealFor } from './backup-cipher.ts';
import { describeFiles, pathsToKeep } from './backup-files.ts';
import { backupFormat, manifestName, type BackupManifest } from './backup-manifest.ts';

export interface CreateBackup {
  readonly stateDir: string;
  /** Must not exist; its folder must. */
  readonly toFile: string;
  readonly sealFor: SealFor;
  /** Built files too, so that production comes up elsewhere without building. */
  readonly withArtifacts: boolean;
  readonly lotseVersion: string;
  readonly now: UnixMs;
}

export interface BackupSummary {
  readonly file: string;
  readonly bytes: number;
  readonly files: number;
  readonly createdAt: UnixMs;
}

/** When the last one was made: its time of change says. */
export const lastBackupFile = 'last-backup';

/**
 * One sealed file of a state folder, beside a control plane that runs or not. What apps keep in `stores/` is not in it.
 * Errors: `conflict` (the file is there already), `not-found`, `disk-full`, `journal-damaged`, `bad-input`.
 */
export async function createBackup(options: CreateBackup): Promise<BackupSummary> {
  const { stateDir, toFile, sealFor, now } = options;
  if (existsSync(toFile)) {
    throw new LotseError('conflict', `${toFile} exists already`, {
      hint: 'Name a new file; a backup overwrites nothing.',
    });
  }
  const stage = await mkdtemp(join(stateDir, 'control', '.backup-'));
  const part = `${toFile}.part`;
  try {
    const { manifest, paths } = await stageBackup(options, stage);
    const { content, succeeded } = packTar(stage, stateDir, paths);
    await pipeline(await seal(content, sealFor), createWriteStream(part, { mode: 0o600 }));
    await succeeded;
    await settle(part, toFile);
    await markDone(join(stateDir, 'control', lastBackupFile), now);
    const { size: bytes } = await stat(toFile);
    return { file: toFile, bytes, files: manifest.files.length, createdAt: now };
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

/** The copy of the database and the manifest lie in `stage`; `paths` are taken from the state folder itself. */
async function stageBackup(options: CreateBackup, stage: string) {
  const { stateDir, withArtifacts, lotseVersion, now } = options;
  await mkdir(join(stage, 'control'), { mode: 0o700 });
  const database = await openDatabase({ file: join(stateDir, 'control', 'lotse.sqlite'), readonly: true });
  try {
    const { heads } = await backupDatabase(database, join(stage, databasePath));
    const paths = await pathsToKeep(stateDir, withArtifacts);
    const files = [...(await describeFiles(stage, [databasePath])), ...(await describeFiles(stateDir, paths))];
    const manifest: BackupManifest = {
      ...{ format: backupFormat, lotseVersion, createdAt: now, stateFolder: stateDir },
      ...{ migrations: [...settledMigrations(database.sqlite)], heads, files },
    };
    await writeFile(join(stage, manifestName), JSON.stringify(manifest), { mode: 0o600 });
    return { manifest, paths };
  } finally {
    await database.close();
  }
}

const databasePath = 'control/lotse.sqlite';

/** The manifest first. Names go to tar by its standard input, as they are. */
function packTar(stage: string, stateDir: string, paths: readonly string[]) {
  const own = ['-C', stage, manifestName, 'control', databasePath];
  const tar = spawn(
    'tar',
    ['--create', '--file=-', '--no-recursion', ...own, '-C', stateDir, '--null', '--files-from=-'],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
  let said = '';
  tar.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  tar.stdin.on('error', () => undefined); // It says why when it ends.
  tar.stdin.end(paths.map((path) => `${path}\0`).join(''));
  const succeeded = once(tar, 'close').then(([exitCode]) => {
    if (exitCode !== 0)
      throw new LotseError('internal', `tar failed (exit code ${exitCode})`, { details: said.split('\n') });
  });
  succeeded.catch(() => undefined); // Asked for when the stream is through.
  return { content: tar.stdout, succeeded };
}

/** On the disk before it has its name. */
async function settle(part: string, toFile: string): Promise<void> {
  const handle = await open(part, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(part, toFile);
  const folder = await open(dirname(toFile), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function markDone(file: string, now: UnixMs): Promise<void> {
  await writeFile(file, '', { mode: 0o600 });
  await utimes(file, now / 1000, now / 1000);
}
