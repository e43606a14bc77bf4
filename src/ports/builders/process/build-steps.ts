import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LotseError } from '../../../core/errors.ts';
import type { PackageFile } from './parse-files.ts';
import { parsePackageFile } from './parse-files.ts';

/** One command of a build, and why it is run. */
export interface BuildStep {
  /** Relative to the source's root. */
  readonly root: string;
  readonly argv: readonly string[];
  /** For people, before the command runs. */
  readonly note: string | null;
}

interface FoundPackage {
  readonly root: string;
  readonly file: PackageFile;
  readonly isLocked: boolean;
}

const lockfiles = ['package-lock.json', 'npm-shrinkwrap.json'];

/**
 * What to build is found: in each root with a package.json the locked packages are installed, `npm run build` runs where
 * there is such a script, or `run` once where it is given, and packages for development go again. A folder below a root with workspaces is installed
 * together with that root.
 */
export async function planBuild(
  source: string,
  roots: readonly string[],
  run: readonly string[] | null,
): Promise<readonly BuildStep[]> {
  const packages: FoundPackage[] = [];
  for (const root of sortedRoots(roots)) {
    const found = await readPackage(source, root);
    if (found !== null) packages.push(found);
  }
  const workspaces = packages.filter((found) => found.file.hasWorkspaces && found.root === '.');
  const installed = packages.filter((found) => found.isLocked || found.root === '.' || workspaces.length === 0);
  const built = run === null ? packages.filter((found) => 'build' in found.file.scripts) : [];
  const keepsDevelopment = (found: FoundPackage) =>
    run !== null || built.includes(found) || (found.file.hasWorkspaces && built.length > 0);
  return [
    ...installed.flatMap((found) => install(found, keepsDevelopment(found))),
    ...built.map(({ root }) => ({ root, argv: ['npm', 'run', 'build'], note: null })),
    ...(run === null ? [] : [{ root: '.', argv: run, note: null }]),
    ...installed.filter((found) => keepsDevelopment(found) && needsInstall(found)).map(prune),
  ];
}

/** Outer folders first, each once. */
function sortedRoots(roots: readonly string[]): readonly string[] {
  return [...new Set(roots.map((root) => root.replace(/^\.\/|\/+$/g, '') || '.'))].toSorted();
}

function needsInstall({ file, isLocked }: FoundPackage): boolean {
  return isLocked || file.hasDependencies || file.hasWorkspaces;
}

function install(found: FoundPackage, withDevelopment: boolean): readonly BuildStep[] {
  if (!needsInstall(found)) return [];
  const scope = withDevelopment ? '--include=dev' : '--omit=dev';
  if (found.isLocked) return [{ root: found.root, argv: ['npm', 'ci', scope], note: null }];
  const where = found.root === '.' ? 'There is' : `In ${found.root} is`;
  return [
    {
      root: found.root,
      argv: ['npm', 'install', '--no-package-lock', scope],
      note: `${where} no package-lock.json: the newest versions that fit are installed, and may differ next time.`,
    },
  ];
}

function prune({ root, isLocked }: FoundPackage): BuildStep {
  const lock = isLocked ? [] : ['--no-package-lock'];
  return { root, argv: ['npm', 'prune', '--omit=dev', ...lock], note: null };
}

async function readPackage(source: string, root: string): Promise<FoundPackage | null> {
  const folder = join(source, root);
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => null);
  if (text === null) return null;
  const file = parsePackageFile(text);
  if (file === null) {
    throw new LotseError('build-failed', `${join(root, 'package.json')} is not valid JSON.`, {
      hint: 'Correct it and deploy again.',
    });
  }
  const locks = await Promise.all(lockfiles.map((name) => isThere(join(folder, name))));
  return { root, file, isLocked: locks.includes(true) };
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
