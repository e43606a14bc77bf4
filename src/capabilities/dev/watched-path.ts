import { installMarks } from './changed-services.ts';

const ignoredFolders = new Set(['.git', '.hg', '.svn', '.lotse', '.lotse-dev', '.cache', '.next', '.nuxt', '.turbo']);
ignoredFolders.add('coverage').add('.idea').add('.vscode').add('__pycache__').add('.venv').add('.pytest_cache');
/** What programs write while they run, and what editors write while one types. */
const ignoredFiles =
  /(?:\.log|\.pid|\.tmp|\.sw[a-p]|~|\.(?:sqlite3?|db)(?:-(?:wal|shm|journal))?|-journal|\.DS_Store)$/;

/**
 * Pure: whether a path can be a reason for a restart. Of node_modules only what a package manager writes at its end is
 * watched. `own` are folders in which the app or Lotse writes. Paths are relative to the app, with forward slashes.
 */
export function isWatchedPath(path: string, own: readonly string[]): boolean {
  const segments = path.split('/');
  const packages = segments.indexOf('node_modules');
  if (packages >= 0) {
    const below = segments.slice(packages + 1);
    return below.length === 0 || (below.length === 1 && installMarks.includes(below[0] ?? ''));
  }
  if (segments.some((segment) => ignoredFolders.has(segment)) || ignoredFiles.test(path)) return false;
  return !own.some((folder) => path === folder || path.startsWith(`${folder}/`));
}
