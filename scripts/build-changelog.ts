// Builds CHANGELOG.md from the notes in changes/ (see changes/README.md). `--check` writes nothing and fails when
// CHANGELOG.md is not what the notes say; `--release 1.2.0` turns the unreleased notes into that release's.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compare, valid } from 'semver';
import { format, resolveConfig } from 'prettier';
import { changelogText, parseNote } from './checks/change-notes.ts';
import type { Release } from './checks/change-notes.ts';

const root = process.cwd();
const notesFolder = join(root, 'changes');
const changelogPath = join(root, 'CHANGELOG.md');
const unreleased = 'unreleased';

function readRelease(folder: string): Release {
  const path = join(notesFolder, folder);
  const dateFile = join(path, 'date');
  const notes = readdirSync(path)
    .filter((file) => file.endsWith('.md'))
    .sort()
    .map((file) => parseNote(`changes/${folder}/${file}`, readFileSync(join(path, file), 'utf8')));
  return {
    version: folder === unreleased ? undefined : folder,
    date: existsSync(dateFile) ? readFileSync(dateFile, 'utf8').trim() : undefined,
    notes,
  };
}

/** Unreleased notes first, then the releases, the newest first. */
function readReleases(): readonly Release[] {
  const folders = readdirSync(notesFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
  const unknown = folders.find((folder) => folder !== unreleased && valid(folder) === null);
  if (unknown !== undefined) throw new Error(`changes/${unknown} is neither a version nor "${unreleased}".`);
  const versions = folders.filter((folder) => folder !== unreleased).sort((left, right) => compare(right, left));
  return [...(folders.includes(unreleased) ? [unreleased] : []), ...versions].map(readRelease);
}

function release(version: string | undefined): void {
  if (version === undefined || valid(version) === null) throw new Error('Say which version: --release 1.2.0');
  const target = join(notesFolder, version);
  if (existsSync(target)) throw new Error(`changes/${version} is there already.`);
  renameSync(join(notesFolder, unreleased), target);
  writeFileSync(join(target, 'date'), `${new Date().toISOString().slice(0, 10)}\n`);
  mkdirSync(join(notesFolder, unreleased));
}

const flag = process.argv.indexOf('--release');
if (flag !== -1) release(process.argv[flag + 1]);
const options = { ...(await resolveConfig(changelogPath)), filepath: changelogPath };
const wanted = await format(changelogText(readReleases()), options);
if (!process.argv.includes('--check')) {
  writeFileSync(changelogPath, wanted);
} else if (!existsSync(changelogPath) || readFileSync(changelogPath, 'utf8') !== wanted) {
  console.error('CHANGELOG.md is not what the notes in changes/ say; run: npm run changelog');
  process.exitCode = 1;
}
