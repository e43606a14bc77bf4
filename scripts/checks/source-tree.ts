import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** One file of the repository: its path from the root with forward slashes, and its text. */
export type SourceFile = { readonly path: string; readonly text: string };

/** What a check found wrong; `line` counts from 1. */
export type Finding = { readonly path: string; readonly line: number; readonly message: string };

/** Folders whose code is checked; all other code in the repository lies at the root. */
export const codeFolders = ['src', 'web', 'examples', 'test', 'bench', 'scripts', 'bin'] as const;

const skippedFolders = new Set(['node_modules', 'dist', 'coverage', '.git', '.lotse']);
const codeName = /\.(?:ts|tsx|mts|mjs|js)$/;

export function isCode(path: string): boolean {
  return codeName.test(path) && codeFolders.some((folder) => path.startsWith(`${folder}/`));
}

/** Tests, their harness and fixtures, and the contract suites of ports: code that never runs in production. */
export function isTestCode(path: string): boolean {
  return (
    /\.(?:test|contract)\.(?:ts|tsx|mjs)$/.test(path) ||
    /^(?:test|bench)\//.test(path) ||
    /\/(?:test|testing|fixtures)\//.test(path)
  );
}

/** Reads the wanted files below a folder from the disk, sorted by path. */
export function readFiles(root: string, isWanted: (path: string) => boolean): readonly SourceFile[] {
  const paths: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !skippedFolders.has(entry.name)) walk(path);
      else if (entry.isFile()) paths.push(relative(root, path).replaceAll('\\', '/'));
    }
  };
  walk(root);
  return paths
    .filter(isWanted)
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/** The paths that git knows, those deleted in the work tree left out; undefined where there is no git repository. */
export function trackedPaths(root: string): readonly string[] | undefined {
  try {
    const listed = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8', stdio: 'pipe' });
    return listed.split('\0').filter((path) => path !== '' && existsSync(join(root, path)));
  } catch {
    return undefined;
  }
}

/**
 * A check that reads too few files finds nothing wrong with the rest. So what it saw is held against git's own list,
 * which it did not use to find the files.
 */
export function findUnseen(seen: readonly SourceFile[], tracked: readonly string[] | undefined): readonly Finding[] {
  const seenPaths = new Set(seen.map((file) => file.path));
  if (seenPaths.size === 0) return [{ path: '.', line: 1, message: 'the check saw no file at all' }];
  return (tracked ?? [])
    .filter((path) => !seenPaths.has(path))
    .map((path) => ({ path, line: 1, message: 'git knows this file, but the check did not see it' }));
}

/** Prints what was found and a closing line; the answer is the exit code. */
export function report(name: string, findings: readonly Finding[], seenInWords: string): number {
  for (const { path, line, message } of findings) console.log(`${path}:${line} ${message}`);
  console.log(
    findings.length === 0 ? `${name}: fine (${seenInWords})` : `${name}: ${findings.length} found (${seenInWords})`,
  );
  return findings.length === 0 ? 0 : 1;
}
