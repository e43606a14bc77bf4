// The rules of style that a linter does not know; CONTRIBUTING.md lists them for people.
import { parseCode } from './checks/parse-code.ts';
import { findUnseen, isCode, readFiles, report, trackedPaths } from './checks/source-tree.ts';
import { checkStyle } from './checks/style-rules.ts';

const root = process.cwd();
const files = readFiles(root, isCode);
const findings = files.flatMap((file) => checkStyle(parseCode(file)));
const unseen = findUnseen(files, trackedPaths(root)?.filter(isCode));
process.exitCode = report('style', [...unseen, ...findings], `${files.length} files`);
