// npm refuses a lockfile that leaves out the optional packages of other platforms (`npm ci`: "Missing … from lock
// file"), but `npm install` writes one without a word when the registry does not have them all. Seen here before it
// breaks a fresh clone.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { report } from './checks/source-tree.ts';
import type { Finding } from './checks/source-tree.ts';

const names = z.record(z.string(), z.string()).default({});
const lockfile = z.object({
  packages: z.record(
    z.string(),
    z.object({ dependencies: names, optionalDependencies: names, devDependencies: names }),
  ),
});

/** What a lockfile asks for and does not hold. */
export function findMissingPackages(path: string, text: string): readonly Finding[] {
  const { packages } = lockfile.parse(JSON.parse(text));
  return Object.entries(packages).flatMap(([place, entry]) =>
    Object.keys({ ...entry.dependencies, ...entry.optionalDependencies, ...entry.devDependencies })
      .filter((name) => !isLocked(packages, place, name))
      .map((name) => ({ path, line: 1, message: `${place || 'the project'} needs ${name}, which is not locked` })),
  );
}

/** As Node looks packages up: beside the package, then in each folder above. */
function isLocked(packages: Readonly<Record<string, unknown>>, place: string, name: string): boolean {
  let folder = place;
  for (;;) {
    const candidate = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (candidate in packages) return true;
    if (folder === '') return false;
    const above = folder.lastIndexOf('/node_modules/');
    folder = above === -1 ? '' : folder.slice(0, above);
  }
}

if (import.meta.main) {
  const paths = ['package-lock.json', 'examples/bildwerk/package-lock.json'];
  const findings = paths.flatMap((path) => findMissingPackages(path, readFileSync(path, 'utf8')));
  process.exitCode = report('lockfile', findings, paths.join(', '));
}
