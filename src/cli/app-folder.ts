import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { LotseError } from '../core/errors.ts';
import type { AppManifest } from '../manifest/app-manifest.ts';
import { parseManifest } from '../manifest/parse-manifest.ts';
import { foldersAbove } from './state-folder.ts';

export const manifestFile = 'lotse.yaml';

/** An app as it lies on this machine. */
export interface AppFolder {
  /** Absolute. */
  readonly folder: string;
  readonly manifest: AppManifest;
}

/** The nearest folder with a lotse.yaml, at `folder` or above it; null when there is none. */
export function findAppFolder(folder: string): string | null {
  return foldersAbove(resolve(folder)).find((each) => existsSync(join(each, manifestFile))) ?? null;
}

/** Reads the app at `folder` or above it. Throws `not-found` without lotse.yaml, `manifest-invalid` for a wrong one. */
export function readAppFolder(folder: string, cwd: string): AppFolder {
  const found = findAppFolder(folder);
  if (found === null) {
    throw new LotseError('not-found', `There is no ${manifestFile} in ${resolve(folder)} or above it`, {
      hint: '`lotse init` writes one for the app in this folder.',
    });
  }
  return { folder: found, manifest: readManifest(found, cwd) };
}

function readManifest(folder: string, cwd: string): AppManifest {
  const file = join(folder, manifestFile);
  if (!statSync(file).isFile()) throw new LotseError('manifest-invalid', `${file} is not a file`);
  return parseManifest(readFileSync(file, 'utf8'), {
    file: shownPath(file, cwd),
    hasDockerfile: hasDockerfile(folder),
  });
}

export function hasDockerfile(folder: string): boolean {
  return existsSync(join(folder, 'Dockerfile'));
}

/** As a person would type it: relative below the working folder, else absolute. */
export function shownPath(path: string, cwd: string): string {
  const short = relative(cwd, path);
  if (short === '') return '.';
  return short.startsWith('..') ? path : short;
}
