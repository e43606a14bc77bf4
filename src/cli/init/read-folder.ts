import { existsSync, globSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { readComposeFolder } from '../compose/read-compose-folder.ts';
import type { FolderFacts, MemberFacts, PackageFile, SourceFile } from './folder-facts.ts';
import {
  parseDockerfile,
  parseIgnoreFile,
  parsePackageFile,
  parsePnpmWorkspace,
  parseProcfile,
} from './parse-folder-files.ts';

const lockfiles: Readonly<Record<string, string>> = {
  'package-lock.json': 'npm',
  'npm-shrinkwrap.json': 'npm',
  'pnpm-lock.yaml': 'pnpm',
  'yarn.lock': 'yarn',
  'bun.lock': 'bun',
  'bun.lockb': 'bun',
};
const sourceNames = /\.(?:[cm]?[jt]s|[jt]sx|py|rb|go|php)$/;
const otherFolders = /^(?:node_modules|\..*|dist|build|out|coverage|vendor|tests?|__tests__|e2e|docs?|public|static)$/;
/** Enough to see where it listens and what it writes; a large tree is not read to its end. */
const maxFiles = 300;
const maxFileBytes = 200_000;

/**
 * Reads what can tell how an app is started. Only reads. `composeFile` is one of its files by name; null: the one that
 * Compose would take. Throws `not-found` when the named one is not there.
 */
export function readFolder(folder: string, composeFile: string | null = null): FolderFacts {
  const packageFile = readWith(join(folder, 'package.json'), parsePackageFile);
  const pnpm = readWith(join(folder, 'pnpm-workspace.yaml'), parsePnpmWorkspace) ?? [];
  const members = readMembers(folder, [...(packageFile?.workspaces ?? []), ...pnpm]);
  const ignored = readWith(join(folder, '.gitignore'), parseIgnoreFile) ?? [];
  const sources = readSources(folder);
  return {
    folderName: basename(folder),
    packageFile,
    lockfile: lockfileOf(folder),
    procfile: readWith(join(folder, 'Procfile'), parseProcfile) ?? [],
    dockerfile: readWith(join(folder, 'Dockerfile'), parseDockerfile),
    compose: readComposeFolder(folder, { wanted: composeFile, ignored, sources }),
    ignored,
    sources,
    members,
    workspaceAbove: lockfileOf(folder) === null ? findWorkspaceAbove(folder) : null,
  };
}

function readWith<T>(file: string, parse: (text: string) => T): T | null {
  try {
    return parse(readFileSync(file, 'utf8'));
  } catch {
    return null; // not there, or not readable: nothing can be concluded from it
  }
}

function lockfileOf(folder: string): string | null {
  return Object.entries(lockfiles).find(([file]) => existsSync(join(folder, file)))?.[1] ?? null;
}

function readMembers(folder: string, patterns: readonly string[]): readonly MemberFacts[] {
  const wanted = patterns.filter((pattern) => !pattern.startsWith('!'));
  if (wanted.length === 0) return [];
  const roots = globSync(
    wanted.map((pattern) => pattern.replace(/^\.\//, '').replace(/\/$/, '')),
    {
      cwd: folder,
      exclude: ['**/node_modules'],
    },
  );
  return roots.toSorted().flatMap((root) => {
    const packageFile = readWith(join(folder, root, 'package.json'), parsePackageFile);
    if (packageFile === null) return [];
    return [{ root: root.replaceAll('\\', '/'), packageFile, sources: readSources(join(folder, root)) }];
  });
}

function findWorkspaceAbove(folder: string): string | null {
  for (let above = dirname(folder); above !== dirname(above); above = dirname(above)) {
    const packageFile: PackageFile | null = readWith(join(above, 'package.json'), parsePackageFile);
    if (packageFile !== null && packageFile.workspaces.length > 0) return above;
    if (existsSync(join(above, 'pnpm-workspace.yaml'))) return above;
  }
  return null;
}

function readSources(folder: string): readonly SourceFile[] {
  const files: SourceFile[] = [];
  const walk = (at: string): void => {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      if (files.length >= maxFiles) return;
      const path = join(at, entry.name);
      if (entry.isDirectory() && !otherFolders.test(entry.name)) walk(path);
      if (!entry.isFile() || !sourceNames.test(entry.name) || /\.(?:test|spec)\./.test(entry.name)) continue;
      if (statSync(path).size > maxFileBytes) continue;
      const text = readWith(path, (content) => content);
      if (text !== null) files.push({ path: relative(folder, path), text });
    }
  };
  try {
    walk(folder);
  } catch {
    return files; // a folder that cannot be read tells nothing
  }
  return files;
}
