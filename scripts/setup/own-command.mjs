import { existsSync, lstatSync, mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Makes `npx lotse` work inside the clone. npm links the commands of a package's dependencies but not its own.
 * @param {string} root of the repository
 */
export function linkOwnCommand(root) {
  const commands = join(root, 'node_modules', '.bin');
  const link = join(commands, 'lotse');
  const target = join('..', '..', 'bin', 'lotse.mjs');
  if (existsSync(link) && lstatSync(link).isSymbolicLink() && readlinkSync(link) === target) return;
  mkdirSync(commands, { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(target, link);
}
