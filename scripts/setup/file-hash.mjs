import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/**
 * All files below a folder as paths relative to it, sorted, so that two machines see the same list.
 * @param {string} folder
 * @param {(name: string) => boolean} [isSkipped] asked for each file and folder name
 * @returns {string[]}
 */
export function filesBelow(folder, isSkipped = () => false) {
  /** @type {string[]} */
  const found = [];
  /** @param {string} current */
  const walk = (current) => {
    for (const entry of readdirSync(current, { withFileTypes: true })) {
      if (isSkipped(entry.name)) continue;
      const path = join(current, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile()) found.push(relative(folder, path));
    }
  };
  walk(folder);
  return found.sort();
}

/**
 * @param {string} folder
 * @param {readonly string[]} files relative to the folder
 */
export function hashOfFiles(folder, files) {
  const hash = createHash('sha256');
  for (const file of files) {
    const content = readFileSync(join(folder, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}
