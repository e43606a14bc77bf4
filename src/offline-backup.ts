import { existsSync } from 'node:fs';
import { setPriority } from 'node:os';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import packageJson from '../package.json' with { type: 'json' };
import type { OpenWith, SealFor } from './backup/backup-cipher.ts';
import { createBackup } from './backup/create-backup.ts';
import { restoreBackup } from './backup/restore-backup.ts';
import { LotseError } from './core/errors.ts';
import { Secret } from './core/secret.ts';
import { openDatabase } from './database/open-database.ts';
import { findProxy } from './proxy/start-proxy.ts';

type Arguments = readonly string[];

const { version: lotseVersion } = packageJson;
/** As of nice(1). */
const backgroundPriority = 10;

const options = {
  state: { type: 'string', default: '.lotse' },
  file: { type: 'string', default: '' },
  recipient: { type: 'string', multiple: true },
  'passphrase-file': { type: 'string' },
  identity: { type: 'string' },
  'without-artifacts': { type: 'boolean', default: false },
  replace: { type: 'boolean', default: false },
} as const;

function read(args: Arguments) {
  const { values } = parseArgs({ args: [...args], options });
  return { ...values, stateDir: resolve(values.state), file: resolve(values.file) };
}

/** `main.ts backup-create`: answers a `BackupSummary`. */
export async function createFromArguments(args: Arguments) {
  const { stateDir, file, recipient = [], 'passphrase-file': passphrase, ...more } = read(args);
  const sealFor: SealFor =
    passphrase === undefined
      ? { recipients: recipient }
      : { passphrase: await readSecret(passphrase, '--passphrase-file') };
  setPriority(backgroundPriority); // Reading and sealing everything is work; what serves users goes first.
  if ('recipients' in sealFor && recipient.length === 0) throw keyless('--recipient age1…, or --passphrase-file FILE');
  return await createBackup({
    ...{ stateDir, toFile: file, sealFor, lotseVersion, now: Date.now() },
    withArtifacts: !more['without-artifacts'],
  });
}

/** `main.ts backup-restore`: answers what was restored, and what is here that it does not know. */
export async function restoreFromArguments(args: Arguments) {
  const { stateDir, file, identity, 'passphrase-file': passphrase, replace } = read(args);
  if (identity === undefined && passphrase === undefined) throw keyless('--identity FILE, or --passphrase-file FILE');
  const openWith: OpenWith =
    passphrase === undefined
      ? { identities: await readSecret(identity ?? '', '--identity') }
      : { passphrase: await readSecret(passphrase, '--passphrase-file') };
  const now = Date.now();
  const { manifest, movedTo } = await restoreBackup({
    ...{ fromFile: file, stateDir, openWith, replaces: replace, lotseVersion, now },
  });
  const { createdAt, lotseVersion: writtenBy, files } = manifest;
  const unknown = await setUnknownAside(stateDir, now);
  await forgetHeads(stateDir, manifest.heads);
  return { createdAt, writtenBy, files: files.length, movedTo, unknown };
}

function keyless(how: string): LotseError {
  return new LotseError('bad-input', 'a backup is sealed for somebody, and nobody was named', { hint: `Give ${how}.` });
}

async function readSecret(file: string, option: string): Promise<Secret> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new LotseError('not-found', `${option}: ${file} cannot be read`, { cause });
  });
  const value = text.replace(/\r?\n$/, '');
  if (value.trim() === '') throw new LotseError('bad-input', `${option}: ${file} is empty`);
  return new Secret(value);
}

/**
 * Revisions that the targets of this state were told to run, and that the restored database has never heard of. Nobody could
 * steer them, so the targets forget them: their orders are moved aside, and what runs of them runs on until somebody ends it.
 */
async function setUnknownAside(stateDir: string, now: number): Promise<readonly string[]> {
  const database = await openDatabase({ file: join(stateDir, 'control', 'lotse.sqlite'), readonly: true });
  try {
    const rows = await database.db.selectFrom('revisions').select(['app', 'revision']).execute();
    const known = new Set(rows.map(({ app, revision }) => `${app}/${revision}`));
    const unknown: string[] = [];
    for (const target of ['target', 'docker/target'].map((each) => join(stateDir, each))) {
      for (const { app, environment, revision } of await keptRevisions(join(target, 'kept'))) {
        if (known.has(`${app}/${revision}`)) continue;
        const aside = join(target, `unknown-after-restore-${now}`, app, environment);
        await mkdir(aside, { recursive: true, mode: 0o700 });
        await rename(join(target, 'kept', app, environment, revision), join(aside, revision));
        unknown.push(`${app} ${revision}`);
      }
    }
    return unknown;
  } finally {
    await database.close();
  }
}

interface KeptRevision {
  readonly app: string;
  readonly environment: string;
  readonly revision: string;
}

async function keptRevisions(kept: string): Promise<readonly KeptRevision[]> {
  const found: KeptRevision[] = [];
  for (const app of await namesIn(kept)) {
    for (const environment of await namesIn(join(kept, app))) {
      for (const revision of await namesIn(join(kept, app, environment))) found.push({ app, environment, revision });
    }
  }
  return found;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return await readdir(folder).catch(() => []);
}

type Heads = Readonly<Record<string, { readonly sequence: number; readonly hash: string }>>;

/** The proxy is a witness of a journal that went on after the backup: a person has decided that this one counts. */
async function forgetHeads(stateDir: string, heads: Heads): Promise<void> {
  const folder = join(stateDir, 'proxy');
  const proxy = existsSync(folder) ? await findProxy(folder) : null;
  if (proxy === null) return await rm(join(folder, 'journal-heads.json'), { force: true });
  const { journalHeads } = await proxy.status();
  const gone = Object.keys(journalHeads).filter((chain) => heads[chain] === undefined);
  await proxy.putJournalHeads({
    ...heads,
    ...Object.fromEntries(gone.map((chain) => [chain, { sequence: 0, hash: '' }])),
  });
}
