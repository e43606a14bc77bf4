import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, matchesGlob, posix, relative } from 'node:path';
import { LotseError } from '../../core/errors.ts';
import type { SourceFile } from '../init/folder-facts.ts';
import type { ComposeFolder } from './compose-folder.ts';

/** In the order in which Compose looks for them. */
const usualNames = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];
const maxFileBytes = 1_000_000;

export interface ReadComposeFolderOptions {
  /** One of the folder's files; null: the one that Compose would take. */
  readonly wanted: string | null;
  /** Lines of .gitignore. */
  readonly ignored: readonly string[];
  readonly sources: readonly SourceFile[];
}

/** Null without a compose file. Throws `not-found` when the wanted one is not there, `bad-input` when it lies outside. */
export function readComposeFolder(folder: string, options: ReadComposeFolderOptions): ComposeFolder | null {
  const { wanted, ignored, sources } = options;
  const file = wanted === null ? usualNames.find((name) => existsSync(join(folder, name))) : pathBelow(folder, wanted);
  if (file === undefined) return null;
  const text = readText(folder, file);
  if (text === null) {
    if (wanted === null) return null;
    throw new LotseError('not-found', `There is no compose file ${wanted}`, {
      hint: 'It is looked for below the folder of the app.',
    });
  }
  return {
    file,
    text,
    otherFiles: otherFiles(folder, file),
    folderName: basename(folder),
    sources,
    readText: (path) => readText(folder, path),
    isIgnored: (path) => ignored.some((pattern) => isMatch(path, pattern)),
  };
}

function pathBelow(folder: string, wanted: string): string {
  const path = relative(folder, wanted).replaceAll('\\', '/');
  if (path !== '' && path !== '..' && !path.startsWith('../')) return path;
  throw new LotseError('bad-input', `${wanted} does not lie below the folder of the app, ${folder}`);
}

function readText(folder: string, path: string): string | null {
  try {
    const file = join(folder, path);
    return statSync(file).size > maxFileBytes ? null : readFileSync(file, 'utf8');
  } catch {
    return null; // not there, or not readable: nothing can be concluded from it
  }
}

function otherFiles(folder: string, file: string): readonly string[] {
  const place = posix.dirname(file);
  try {
    return readdirSync(join(folder, place))
      .filter((name) => /^(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml$/.test(name))
      .map((name) => posix.join(place, name))
      .filter((path) => path !== file)
      .toSorted();
  } catch {
    return [];
  }
}

/** As .gitignore means it, for the plain patterns that name env files: `.env`, `*.env`, `/config/.env`, `.env.*`. */
function isMatch(path: string, pattern: string): boolean {
  const plain = pattern.replace(/^\//, '').replace(/\/$/, '');
  const isAnchored = plain.includes('/') || pattern.startsWith('/');
  const shapes = isAnchored ? [plain, `${plain}/**`] : [`**/${plain}`, plain, `**/${plain}/**`, `${plain}/**`];
  return shapes.some((shape) => matchesGlob(path, shape));
}
