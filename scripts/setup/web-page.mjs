import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesBelow, hashOfFiles } from './file-hash.mjs';
import { npmCommand } from './packages.mjs';
import { runQuietly, SetupError } from './steps.mjs';

/**
 * Builds the web page if anything that goes into it has changed since the last build.
 * @param {string} root of the repository
 * @returns {Promise<'built' | 'fresh' | 'absent'>} absent: this version of Lotse has no web page
 */
export async function buildWebPage(root) {
  if (!existsSync(join(root, 'web', 'package.json')) && !existsSync(join(root, 'web', 'vite.config.ts')))
    return 'absent';
  const marker = join(root, 'web', 'dist', '.sources-hash');
  const hash = hashOfFiles(root, webSources(root));
  if (existsSync(marker) && readFileSync(marker, 'utf8') === hash) return 'fresh';
  await runQuietly([...npmCommand(process.env), 'run', 'build:web'], {
    cwd: root,
    logFile: join(root, '.lotse', 'logs', 'web-build.log'),
  });
  if (!existsSync(join(root, 'web', 'dist', 'index.html'))) {
    throw new SetupError('`npm run build:web` ended well but left no web/dist/index.html.');
  }
  writeFileSync(marker, hash);
  return 'built';
}

/**
 * The page's own files, what it may import from the control plane (see `scripts/folder-rules.ts`), and the versions of
 * all packages.
 * @param {string} root
 */
function webSources(root) {
  /** @param {string} folder @param {(file: string) => boolean} isWanted */
  const below = (folder, isWanted = () => true) =>
    existsSync(join(root, folder))
      ? filesBelow(join(root, folder), (name) => name === 'node_modules' || name === 'dist')
          .filter(isWanted)
          .map((file) => join(folder, file))
      : [];
  return [
    'package-lock.json',
    ...below('web'),
    ...below(join('src', 'core')),
    ...below(join('src', 'manifest')),
    ...below(join('src', 'capabilities'), (file) => file.endsWith('-api.ts')),
  ];
}
