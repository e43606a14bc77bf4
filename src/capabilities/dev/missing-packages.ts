import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The roots, relative to the app, whose package.json names packages while there is no node_modules in or above them. */
export function rootsWithoutPackages(folder: string, roots: readonly string[]): readonly string[] {
  return [...new Set(['.', ...roots])].filter((root) => {
    const at = join(folder, root);
    return wantsPackages(join(at, 'package.json')) && !hasPackages(at);
  });
}

function wantsPackages(file: string): boolean {
  try {
    const found: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof found !== 'object' || found === null) return false;
    const named = 'dependencies' in found ? found.dependencies : null;
    return typeof named === 'object' && named !== null && Object.keys(named).length > 0;
  } catch {
    return false; // not there, or not JSON: npm says it better than we can
  }
}

/** Node looks in each folder on the way up (nodejs.org/api/modules.html#loading-from-node_modules-folders). */
function hasPackages(folder: string): boolean {
  if (existsSync(join(folder, 'node_modules'))) return true;
  const above = dirname(folder);
  return above !== folder && hasPackages(above);
}
