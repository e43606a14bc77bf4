import { filesBelow } from '../setup/file-hash.mjs';

/**
 * The kinds of tests, in the order in which they run. A file belongs to the first group that matches.
 *
 * `concurrency`: how many files run at a time. `withinMs`: how long one file may take before it is ended and counts as
 * failed. `folder`: where its processes run, from the root.
 * @typedef {{ name: string, files: RegExp, concurrency: number, withinMs: number, folder: string }} TestGroup
 * @type {readonly TestGroup[]}
 */
export const testGroups = [
  { name: 'unit', files: /^(?:src|scripts|bin|bench)\//, concurrency: 2, withinMs: 360_000, folder: '.' },
  {
    name: 'example app',
    files: /^examples\/bildwerk\//,
    concurrency: 2,
    withinMs: 360_000,
    folder: 'examples/bildwerk',
  },
  { name: 'web page', files: /^web\//, concurrency: 2, withinMs: 360_000, folder: '.' },
  { name: 'end to end', files: /^test\/e2e\//, concurrency: 1, withinMs: 900_000, folder: '.' },
  { name: 'chaos', files: /^test\/chaos\//, concurrency: 1, withinMs: 900_000, folder: '.' },
  { name: 'integration', files: /^test\//, concurrency: 2, withinMs: 600_000, folder: '.' },
];

const testFile = /\.test\.(?:ts|mjs)$/;
const skippedFolders = new Set(['node_modules', 'dist', 'coverage', '.git', '.lotse']);

/** @param {string} root @returns {string[]} all test files of the repository, as paths from its root */
export function findTestFiles(root) {
  return filesBelow(root, (name) => skippedFolders.has(name)).filter((file) => testFile.test(file));
}

/**
 * @param {readonly string[]} files paths from the root
 * @param {readonly string[]} patterns parts of a path, `*` for anything; none for all
 * @returns {{ group: TestGroup, files: string[] }[]} groups with files, in order
 */
export function planTests(files, patterns) {
  const wanted = patterns.map(
    (pattern) =>
      new RegExp(
        pattern
          .split('*')
          .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
          .join('.*'),
      ),
  );
  const chosen = files.filter((file) => wanted.length === 0 || wanted.some((pattern) => pattern.test(file)));
  const homeless = chosen.filter((file) => !testGroups.some((group) => group.files.test(file)));
  if (homeless.length > 0) {
    throw new Error(`No group in scripts/test/plan.mjs runs ${homeless.join(', ')}.`);
  }
  return testGroups
    .map((group) => ({
      group,
      files: chosen.filter((file) => testGroups.find((candidate) => candidate.files.test(file)) === group),
    }))
    .filter((planned) => planned.files.length > 0);
}
