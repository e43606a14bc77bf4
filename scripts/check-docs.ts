// Links and anchors of all documents, what ARCHITECTURE.md promises, and names that do not belong into the repository.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkArchitecture, checkLinks, checkPrivateNames } from './checks/docs-rules.ts';
import { findUnseen, readFiles, report, trackedPaths } from './checks/source-tree.ts';

const root = process.cwd();
const isDocument = (path: string): boolean => path.endsWith('.md');
/** The check and its tests have to name what they look for. */
const isChecked = (path: string): boolean =>
  /\.(?:md|ts|tsx|mjs|js|json|ya?ml|html|css|sh|txt)$|(?:^|\/)[A-Z]+$|^\.ci\//.test(path) &&
  !/^scripts\/checks\/docs-rules\.(?:test\.)?ts$/.test(path);

const texts = readFiles(root, (path) => isDocument(path) || isChecked(path));
const documents = texts.filter((file) => isDocument(file.path));
const exists = (path: string): boolean => existsSync(join(root, path));
// Further private names, separated by commas; for example those of the place where one works on Lotse.
const extraWords = (process.env['LOTSE_PRIVATE_WORDS'] ?? '').split(',').filter((word) => word !== '');
const findings = [
  ...findUnseen(documents, trackedPaths(root)?.filter(isDocument)),
  ...checkLinks({ documents, exists }),
  ...checkArchitecture({ documents, exists }),
  ...checkPrivateNames(
    texts.filter((file) => isChecked(file.path)),
    extraWords,
  ),
];
process.exitCode = report('docs', findings, `${documents.length} documents, ${texts.length} texts`);
