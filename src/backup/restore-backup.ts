import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, existsSync } from 'node:fs';
import { lstat, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { uuidv7 } from 'uuidv7';
import { LotseError } from '../core/errors.ts';
import { systemActor } from '../core/events.ts';
import type { UnixMs } from '../core/ids.ts';
import { checkJournal } from '../database/check-journal.ts';
import { openJournal } from '../database/journal.ts';
import { openDatabase } from '../database/open-database.ts';
import { holdOwnerFile } from '../database/owner-file.ts';
import { takeOwnerLock } from '../database/owner-lock.ts';
import { highestNumber, recordRestore } from '../database/restores.ts';
import { open, type OpenWith } from './backup-cipher.ts';
import { describeFiles } from './backup-files.ts';
import { manifestName, parseBackupManifest, type BackupManifest } from './backup-manifest.ts';

export interface RestoreBackup {
  readonly fromFile: string;
  /** Made when it is not there. */
  readonly stateDir: string;
  readonly openWith: OpenWith;
  /** A state that is there already is moved aside; otherwise it is refused. */
  readonly replaces: boolean;
  readonly lotseVersion: string;
  readonly now: UnixMs;
}

export interface RestoredBackup {
  readonly manifest: BackupManifest;
  /** Where the state that was there before lies now; null: there was none. */
  readonly movedTo: string | null;
}

/**
 * Brings a backup back into a state folder. All of it is opened and checked beside the folder's own files first; until that
 * is done nothing of them changes. Errors: `locked` (a control plane runs), `conflict` (there is a state), `sealed` (wrong
 * key), `bad-input` (damaged, cut, or no backup), `state-too-new`, `journal-damaged`, `disk-full`, `not-found`.
 */
export async function restoreBackup(options: RestoreBackup): Promise<RestoredBackup> {
  const { stateDir, fromFile } = options;
  if (!existsSync(fromFile)) throw new LotseError('not-found', `there is no file ${fromFile}`);
  refuseExisting(options);
  const isNew = !existsSync(stateDir);
  await mkdir(stateDir, { recursive: true, mode: 0o711 });
  const stage = await mkdtemp(join(stateDir, '.restore-'));
  try {
    const manifest = await unpack(options, stage);
    await record(options, stage, manifest);
    const movedTo = await putInPlace(options, stage);
    return { manifest, movedTo };
  } catch (error) {
    await rm(isNew ? stateDir : stage, { recursive: true, force: true });
    throw error;
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

function refuseExisting({ stateDir, replaces }: RestoreBackup): void {
  const control = join(stateDir, 'control');
  if (!existsSync(join(control, 'lotse.sqlite'))) return;
  holdOwnerFile(control).release(); // Errors: `locked`.
  if (replaces) return;
  throw new LotseError('conflict', `${stateDir} has a state already`, {
    hint: '--replace moves it aside and keeps it; or name another folder with --state.',
  });
}

async function unpack({ fromFile, openWith, lotseVersion }: RestoreBackup, stage: string): Promise<BackupManifest> {
  const content = await open(createReadStream(fromFile), openWith);
  const tar = spawn('tar', ['--extract', '--file=-', '--preserve-permissions', '--numeric-owner', '-C', stage], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let said = '';
  tar.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = once(tar, 'close');
  await pipeline(content, tar.stdin);
  const [exitCode] = await ended;
  if (exitCode !== 0)
    throw new LotseError('bad-input', 'what is in this backup cannot be unpacked', { details: said.split('\n') });
  const manifest = parseBackupManifest(await readFile(join(stage, manifestName), 'utf8').catch(() => ''), lotseVersion);
  await rm(join(stage, manifestName));
  await refuseOthers(stage, manifest);
  const { intact, problems } = await checkJournal(join(stage, 'control', 'lotse.sqlite'), { heads: manifest.heads });
  if (!intact)
    throw new LotseError('journal-damaged', `the journal in this backup is damaged: ${problems[0]?.message ?? ''}`);
  return manifest;
}

/**
 * What is numbered from now on meets nothing that was numbered after the backup, and the journal says what happened to it:
 * `state-restored` in the chain of the control plane.
 */
async function record({ stateDir, now }: RestoreBackup, stage: string, manifest: BackupManifest): Promise<void> {
  const database = await openDatabase({ file: join(stage, 'control', 'lotse.sqlite'), now: () => now });
  try {
    const highest = Math.max(
      await highestNumber(database.db),
      await highestIn(join(stateDir, 'control', 'lotse.sqlite')),
    );
    const { createdAt: backupAt, lotseVersion: backupVersion } = manifest;
    await recordRestore(database, { ...{ at: now, backup_at: backupAt, backup_version: backupVersion }, highest });
    const lock = await takeOwnerLock(join(stage, 'control'), database);
    const newSalt = () => randomBytes(16).toString('hex');
    const journal = openJournal(database, { now: () => now, newId: uuidv7, newSalt, hide: (text) => text });
    const about = { type: 'state-restored', version: 1, actor: systemActor, reason: null, correlationId: null };
    await journal.append('control', lock.fence, [{ ...about, payload: { backupAt, backupVersion } }]);
    await lock.release();
  } finally {
    await database.close();
  }
}

/** Of the state that is moved aside; 0 when there is none, or when it is what made the backup necessary. */
async function highestIn(file: string): Promise<number> {
  if (!existsSync(file)) return 0;
  try {
    const database = await openDatabase({ file, readonly: true });
    const highest = await highestNumber(database.db);
    await database.close();
    return highest;
  } catch {
    return 0;
  }
}

/** Every file is there as the manifest says, and no other. */
async function refuseOthers(stage: string, manifest: BackupManifest): Promise<void> {
  const paths = await plainFiles(stage, '');
  const found = new Map((await describeFiles(stage, paths)).map((file) => [file.path, file.sha256]));
  const wrong = [
    ...manifest.files.filter(({ path, sha256 }) => found.get(path) !== sha256).map(({ path }) => path),
    ...paths.filter((path) => !manifest.files.some((file) => file.path === path)),
  ];
  if (wrong.length === 0) return;
  throw new LotseError('bad-input', `${wrong[0]} is not as the manifest of this backup says`, {
    details: wrong.slice(0, 20),
  });
}

async function plainFiles(folder: string, below: string): Promise<readonly string[]> {
  const entries = await readdir(join(folder, below), { withFileTypes: true });
  const found: (readonly string[])[] = [];
  for (const entry of entries) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) found.push(await plainFiles(folder, path));
    else if (entry.isFile()) found.push([path]);
  }
  return found.flat();
}

/** The control plane's own folder comes whole; beside it only what is missing, so that what runs keeps what it runs by. */
async function putInPlace({ stateDir, now }: RestoreBackup, stage: string): Promise<string | null> {
  const control = join(stateDir, 'control');
  const time = new Date(now).toISOString().replaceAll(':', '-');
  const movedTo = existsSync(control) ? `${control}.before-restore-${time}` : null;
  for (const name of (await readdir(stage)).filter((each) => each !== 'control')) await fill(stage, stateDir, name);
  if (movedTo !== null) await rename(control, movedTo);
  await rename(join(stage, 'control'), control);
  return movedTo;
}

async function fill(stage: string, stateDir: string, path: string): Promise<void> {
  const target = join(stateDir, path);
  const there = await lstat(target).catch(() => null);
  if (there === null) {
    await mkdir(dirname(target), { recursive: true, mode: 0o711 });
    return await rename(join(stage, path), target);
  }
  const isFolder = (await lstat(join(stage, path))).isDirectory();
  if (!there.isDirectory() || !isFolder) return;
  for (const name of await readdir(join(stage, path))) await fill(stage, stateDir, `${path}/${name}`);
}
